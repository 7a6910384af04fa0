/** What a key press means: profiles, remapped keys and the keys of the classes. Pure: no document, no state. */

import type { ClassInfo, Profile, Project, Task } from "../types";
import { buttonsOf } from "./numbers";

export const ACTIONS = {
  submit: "Save the answer",
  skip: "Skip: not now, not by me",
  reject: "Reject: does not belong to the task",
  undo: "Undo the last answer",
  previous: "Look at the answer before",
  next: "Go forward again",
  unsure: "Not sure: shares over the classes, or half the weight",
  reason: "Mark the reason",
  note: "Write a note",
  flag: "Flag for another look",
  find: "Find a label by its name",
  guideline: "Show the guideline",
  help: "Show the keys",
} as const;

export type Action = keyof typeof ACTIONS;

const COMMON: Record<Action, string[]> = {
  submit: ["Enter"],
  skip: ["Space"],
  reject: ["x"],
  undo: ["Backspace", "u", "Ctrl+z"],
  previous: ["ArrowLeft"],
  next: ["ArrowRight"],
  unsure: ["s"],
  reason: ["r"],
  note: ["n"],
  flag: ["f"],
  find: ["/"],
  guideline: ["g"],
  help: ["?"],
};

export const PROFILES: Record<Profile, Record<Action, string[]>> = {
  querist: COMMON,
  "label-studio": {
    ...COMMON,
    submit: ["Ctrl+Enter"],
    skip: ["Ctrl+Space"],
    undo: ["Ctrl+z"],
    previous: ["Ctrl+ArrowLeft"],
    next: ["Ctrl+ArrowRight"],
  },
  argilla: { ...COMMON, skip: ["Backspace"], undo: ["u", "Ctrl+z"] },
};

/** Arrows move the word cursor in texts with spans, so browsing has signs there. Brackets need AltGr on many layouts. */
const SPAN_KEYS: Partial<Record<Action, string[]>> = { previous: [",", "["], next: [".", "]"] };

export interface Press {
  key: string;
  code?: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  shiftKey?: boolean;
}

/** The name of a press: "a", "?", "Ctrl+z", "Shift+ArrowLeft". Shift is named only where it does not change the sign. */
export function nameOf(press: Press): string {
  const key = press.key === " " || press.key === "Spacebar" ? "Space" : press.key;
  const single = [...key].length === 1;
  const parts: string[] = [];
  if (press.ctrlKey || press.metaKey) parts.push("Ctrl");
  if (press.altKey) parts.push("Alt");
  if (press.shiftKey && (!single || parts.length > 0)) parts.push("Shift");
  parts.push(single && parts.length > 0 ? key.toLowerCase() : key);
  return parts.join("+");
}

/** Whether an action may have a key. Tab moves the focus, and must always. */
export function bindable(name: string): boolean {
  return !/(^|\+)(Tab|Dead|Unidentified|Process)$/.test(name);
}

/** Keys of every action under a profile; a key that the person has set takes the place of the profile's. */
export function actionKeys(profile: Profile, own: Record<string, string>, task: Task): Record<Action, string[]> {
  const base = { ...(PROFILES[profile] ?? COMMON) };
  if (task === "spans" && profile !== "label-studio") Object.assign(base, SPAN_KEYS);
  for (const action of Object.keys(ACTIONS) as Action[]) {
    const key = own[action];
    if (key && bindable(key)) base[action] = [key];
  }
  return base;
}

export interface Keymap {
  actions: Map<string, Action>;
  labels: Map<string, number>;
  /** The key shown on each button of a class or rating; "" where no key is left. */
  shown: string[];
  names: Record<Action, string[]>;
}

const CLASS_KEYS = [..."1234567890abcdefghijklmnopqrstuvwxyz"];

/** What a label key chooses: a class, or a value of a short scale. */
export function choices(project: Project): ClassInfo[] {
  const values = project.task === "number" ? buttonsOf(project.number) : null;
  return values ? values.map((value) => ({ name: String(value), key: null, count: 0 })) : project.classes;
}

/** The whole keymap. A class has the key that people gave it, unless an action or a class before it has that. Else one
 * that is named by one digit has that digit, or the digits of handwriting would be pressed one off; the others have the
 * next free one.
 * Values of a scale have their own digits where all are whole; 10, which cannot be typed, the next free key. Other scales
 * have keys by place. */
export function keymap(profile: Profile, own: Record<string, string>, task: Task, classes: ClassInfo[]): Keymap {
  const names = actionKeys(profile, own, task);
  const actions = new Map<string, Action>();
  for (const action of Object.keys(ACTIONS) as Action[]) {
    for (const key of names[action]) if (!actions.has(key) || own[action] === key) actions.set(key, action);
  }
  const labels = new Map<string, number>();
  const isDigit = (one: ClassInfo): boolean => /^[0-9]$/.test(one.name);
  const named = task !== "number" || classes.every((one) => /^[0-9]+$/.test(one.name));
  const shown = classes.map(() => "");
  const give = (index: number, key: string | null): void => {
    if (!key || shown[index] || actions.has(key) || labels.has(key)) return;
    labels.set(key, index);
    shown[index] = key;
  };
  classes.forEach((one, index) => give(index, one.key));
  classes.forEach((one, index) => give(index, named && isDigit(one) ? one.name : null));
  const free = CLASS_KEYS.filter((key) => !actions.has(key) && !labels.has(key));
  for (let index = 0; index < shown.length; index += 1) {
    if (shown[index]) continue;
    const key = free.shift() ?? "";
    shown[index] = key;
    if (key) labels.set(key, index);
  }
  return { actions, labels, shown, names };
}

export type Meaning = { action: Action } | { label: number } | null;

/** What a press means. Digits also work where the digit row needs Shift, by the place of the key. */
export function meaningOf(press: Press, map: Keymap): Meaning {
  const name = nameOf(press);
  const action = map.actions.get(name);
  if (action) return { action };
  const label = map.labels.get(name);
  if (label !== undefined) return { label };
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(press.code ?? "");
  if (digit && !press.ctrlKey && !press.metaKey && !press.altKey && !press.shiftKey) {
    const byPlace = map.labels.get(digit[1] ?? "");
    if (byPlace !== undefined) return { label: byPlace };
  }
  return null;
}

/** Keys that the words of a text take before any action, where spans are marked. */
const OF_WORDS = /^(Shift\+)?(Arrow(Left|Right|Up|Down)|Home|End)$|^(Backspace|Delete)$/;

/** The key that does an action in a task at work; null where none does. */
export function keyOf(action: Action, map: Keymap, task: Task): string | null {
  const works = (key: string): boolean => map.actions.get(key) === action && !(task === "spans" && OF_WORDS.test(key));
  return map.names[action].find(works) ?? null;
}

/** Two names for one key, or one key for two actions: said in the settings. */
export function clashes(names: Record<Action, string[]>): string[] {
  const seen = new Map<string, Action>();
  const out: string[] = [];
  for (const action of Object.keys(ACTIONS) as Action[]) {
    for (const key of names[action]) {
      const other = seen.get(key);
      if (other) out.push(`${printed(key)} stands for both “${ACTIONS[other]}” and “${ACTIONS[action]}”.`);
      seen.set(key, action);
    }
  }
  return out;
}

const PRINTED: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Backspace: "Bksp",
  Enter: "Enter",
  Escape: "Esc",
};

/** Letters stand on key caps in capitals; one that is pressed as a capital needs Shift. */
function capital(letter: string, name: string): string {
  return letter === name && letter !== letter.toLowerCase() ? `Shift+${letter}` : letter.toUpperCase();
}

/** A key's name as shown on a key cap. */
export function printed(name: string): string {
  return name
    .split(/\+(?=.)/)
    .map((part) => PRINTED[part] ?? (part.length === 1 ? capital(part, name) : part))
    .join("+");
}
