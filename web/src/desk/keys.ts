/** Presses on the labelling page: first what the mode makes of them, then actions and labels. */

import { choices, type Keymap, meaningOf, nameOf, printed } from "../logic/keymap";
import { buttonsOf } from "../logic/numbers";
import { given, isGiven, pointsFor } from "../logic/shares";
import { chosen, moved, over, slice, spanAt, toggleRange, withoutSpan, withSpan, type Word, wordsOf } from "../logic/words";
import type { Box } from "../types";
import type { Desk } from "./desk";
import type { Draft } from "./draft";

export interface Panes {
  help: () => void;
  guideline: () => void;
  note: () => void;
  find: () => void;
}

/** No shares, and no doubt. */
const SURE: Partial<Draft> = { points: {}, shares: null, doubt: false };

const WRITES = new Set(["INPUT", "TEXTAREA", "SELECT"]);

export function writing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement && ["checkbox", "radio", "button", "range"].includes(target.type)) return false;
  return WRITES.has(target.tagName);
}

function pressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, a[href], summary, input, select") !== null;
}

let known: { text: string; words: Word[] } = { text: "", words: [] };

function words(text: string): Word[] {
  if (known.text !== text) known = { text, words: wordsOf(text) };
  return known.words;
}

export class Keys {
  constructor(
    private readonly desk: Desk,
    private readonly map: () => Keymap | null,
    private readonly panes: Panes,
  ) {}

  /** Whether a press is ours; then the default of the browser is stopped and the deed is done in its turn. */
  press(event: KeyboardEvent): void {
    if (event.isComposing || event.key === "Process" || event.getModifierState("AltGraph")) return;
    if (document.querySelector("dialog[open]")) return;
    if (writing(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    const name = nameOf(event);
    if ((name === "Enter" || name === "Space") && pressable(event.target)) return;
    if (!this.deed(event, name)) return;
    event.preventDefault();
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    // what the press means is asked again in its turn: the press before may have changed the mode
    void this.desk.act(async () => {
      await this.deed(event, name)?.();
    });
  }

  private deed(event: KeyboardEvent, name: string): (() => unknown) | null {
    const map = this.map();
    const { project } = this.desk.view;
    if (!map || !project) return null;
    if (localStorage.getItem("querist.keys") === "off" && [...event.key].length === 1 && !event.ctrlKey) return null;
    const special = this.special(event, name);
    if (special) return special;
    const meaning = meaningOf(event, map);
    if (!meaning) return null;
    if ("label" in meaning) return () => this.label(meaning.label, 1);
    return () => this.action(meaning.action);
  }

  private action(action: string): unknown {
    const { desk } = this;
    const kinds: Record<string, () => unknown> = {
      submit: () => desk.submit(),
      skip: () => desk.answer("skip", null),
      reject: () => desk.answer("reject", null),
      undo: () => desk.undo(),
      previous: () => desk.look(1),
      next: () => desk.look(-1),
      unsure: () => this.toggleSoft(),
      reason: () => this.toggleReason(),
      note: () => this.panes.note(),
      flag: () => desk.flag(),
      find: () => this.panes.find(),
      guideline: () => this.panes.guideline(),
      help: () => this.panes.help(),
    };
    return kinds[action]?.();
  }

  toggleSoft(): void {
    const { desk } = this;
    const { draft, project } = desk.view;
    if (project?.task === "number" || project?.task === "spans") {
      desk.draft({ doubt: !draft.doubt });
      return desk.say(draft.doubt ? "Sure." : "Not sure: this answer will weigh half.");
    }
    const task = project?.task === "multi" ? "multi" : "single";
    if (draft.mode === "soft") {
      desk.draft({ ...SURE, mode: "plain" });
      return desk.say("Shares put away.");
    }
    if (draft.doubt) {
      desk.draft(SURE);
      return desk.say("Sure.");
    }
    const chosen = task === "multi" ? draft.labels : draft.label ? [draft.label] : [];
    desk.draft({ mode: "soft", points: pointsFor(chosen, task), doubt: true });
    desk.say("Not sure: each press of a label key gives it one point more. Enter saves the shares; a label alone weighs half.");
  }

  toggleReason(): void {
    const { desk } = this;
    const { draft } = desk.view;
    const held = desk.shown();
    if (!held) return;
    if (draft.mode === "reason") return this.leave();
    if (held.item.text) {
      desk.draft({ mode: "reason" });
      desk.say("Mark the reason: arrows choose words, Shift and arrows more, Space marks, r leaves.");
    } else if (held.item.image) {
      desk.draft({ mode: "reason", frame: [0.35, 0.35, 0.3, 0.3] });
      desk.say("Mark the reason: arrows move the rectangle, Shift and arrows size it, Space keeps it, r leaves.");
    } else desk.hint("There is nothing to mark in this item.");
  }

  private leave(): void {
    const { desk } = this;
    const { mode, points } = desk.view.draft;
    if (mode === "soft") desk.draft({ ...SURE, mode: "plain" });
    else desk.draft({ mode: isGiven(points) ? "soft" : "plain", frame: null, brush: false });
    desk.say("Back to the answer.");
  }

  /** A label or a rating by key or button. */
  async label(index: number, step: number): Promise<void> {
    const { desk } = this;
    const { project, draft } = desk.view;
    const name = project ? choices(project)[index]?.name : undefined;
    if (!project || !name || !desk.shown()) return;
    if (project.task === "number") return this.number(Number(name));
    if (draft.mode === "soft") {
      desk.draft({ points: given(draft.points, name, step), shares: null });
      desk.say(`${name}: ${desk.view.draft.points[name] ?? 0} points`);
    } else if (project.task === "multi") {
      const on = !draft.labels.includes(name);
      desk.draft({ labels: on ? [...draft.labels, name] : draft.labels.filter((one) => one !== name) });
      desk.say(on ? `${name} chosen` : `${name} removed`);
    } else if (project.task === "spans") this.span(name);
    else {
      desk.draft({ label: name });
      if (project.settings.advance) await desk.answer("label", name);
      else desk.say(`${name} chosen. Enter saves.`);
    }
  }

  private span(name: string): void {
    const { desk } = this;
    const { draft } = desk.view;
    const text = desk.shown()?.item.text ?? "";
    const range = over(words(text), ...chosen(draft.cursor));
    if (!range) return;
    desk.draft({ spans: withSpan(draft.spans, range[0], range[1], name), cursor: { anchor: draft.cursor.at, at: draft.cursor.at } });
    desk.say(`“${slice(text, range[0], range[1])}” is ${name}`);
  }

  /** Keys that a mode takes before actions and labels. */
  private special(event: KeyboardEvent, name: string): (() => unknown) | null {
    const { desk } = this;
    const { draft, project } = desk.view;
    const held = desk.shown();
    if (!held || !project) return null;
    if (name === "Escape") {
      if (desk.view.find !== null) return () => desk.set({ find: null });
      if (draft.mode !== "plain") return () => this.leave();
      if (desk.view.looking !== null) return () => desk.look(-1 - (desk.view.looking ?? 0));
      return null;
    }
    const onWords = Boolean(held.item.text) && (project.task === "spans" || draft.mode === "reason");
    if (onWords && draft.mode !== "soft") {
      const deed = this.wordKeys(name, held.item.text ?? "");
      if (deed) return deed;
    } else if (draft.mode === "reason") {
      const deed = this.frameKeys(name);
      if (deed) return deed;
    }
    if (draft.mode === "soft") return this.softKeys(event, name);
    const typed = project.task === "number" ? this.numberKeys(event, name) : null;
    return typed ?? (name === "Backspace" ? this.backspace() : null);
  }

  /** Where Backspace removes parts of the answer, one press too many takes no answer back. */
  private backspace(): (() => unknown) | null {
    const { desk } = this;
    const { draft, project } = desk.view;
    const map = this.map();
    const removes = project?.task === "spans" || project?.task === "number";
    if (!removes || !draft.touched || map?.actions.get("Backspace") !== "undo") return null;
    const other = map.names.undo.find((key) => key !== "Backspace");
    return () => desk.hint(`Nothing to remove here. ${other ? printed(other) : "The Undo button"} takes the last answer back.`);
  }

  private wordKeys(name: string, text: string): (() => unknown) | null {
    const { desk } = this;
    const { draft, project } = desk.view;
    const list = words(text);
    const shift = name.startsWith("Shift+");
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8, Home: -1e9, End: 1e9 };
    const step = steps[shift ? name.slice(6) : name];
    if (step !== undefined) {
      return () => {
        const cursor = moved(desk.view.draft.cursor, step, shift, list.length);
        desk.draft({ cursor });
        const range = over(list, ...chosen(cursor));
        if (!range) return;
        const span = spanAt(desk.view.draft.spans, range[0], range[1]);
        desk.say(slice(text, range[0], range[1]) + (span ? `, ${span[2]}` : ""));
      };
    }
    const range = over(list, ...chosen(draft.cursor));
    if (!range) return null;
    if (draft.mode === "reason") {
      if (name === "Space") {
        return () => {
          const marked = toggleRange(desk.view.draft.words, range[0], range[1]);
          desk.draft({ words: marked });
          desk.say(`“${slice(text, range[0], range[1])}” ${marked.some((one) => one[0] <= range[0] && range[1] <= one[1]) ? "marked" : "no longer marked"}`);
        };
      }
      if (name === "Backspace" || name === "Delete") return () => desk.draft({ words: desk.view.draft.words.slice(0, -1) });
      return null;
    }
    const span = project?.task === "spans" ? spanAt(draft.spans, range[0], range[1]) : null;
    if (span && (name === "Backspace" || name === "Delete")) {
      return () => {
        desk.draft({ spans: withoutSpan(desk.view.draft.spans, range[0], range[1]) });
        desk.say(`${span[2]} removed`);
      };
    }
    return null;
  }

  private frameKeys(name: string): (() => unknown) | null {
    const { desk } = this;
    const shift = name.startsWith("Shift+");
    const turns: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const turn = turns[shift ? name.slice(6) : name];
    if (turn) {
      return () => {
        const frame = desk.view.draft.frame ?? [0.35, 0.35, 0.3, 0.3];
        desk.draft({ frame: steered(frame, turn, shift), brush: false });
      };
    }
    if (name === "Space") {
      return () => {
        const { frame, boxes } = desk.view.draft;
        if (frame) desk.draft({ boxes: [...boxes, frame] });
        desk.say(frame ? `Rectangle ${boxes.length + 1} kept.` : "Move the rectangle with the arrows first.");
      };
    }
    if (name === "b") return () => desk.draft({ brush: !desk.view.draft.brush, frame: null });
    if (name === "Backspace" || name === "Delete") {
      return () => {
        const { boxes, strokes } = desk.view.draft;
        if (strokes.length > 0) desk.draft({ strokes: strokes.slice(0, -1) });
        else desk.draft({ boxes: boxes.slice(0, -1) });
      };
    }
    return null;
  }

  private softKeys(event: KeyboardEvent, name: string): (() => unknown) | null {
    const { desk } = this;
    if (name === "Backspace" || name === "Delete") return () => desk.draft({ points: {}, shares: null });
    if (!event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return null;
    if (/^[^0-9]$/u.test(name) && this.map()?.labels.has(name)) return null; // a class has the capital or sign itself
    const digit = /^Digit([0-9])$/.exec(event.code)?.[1];
    const index = this.map()?.labels.get(digit ?? event.key.toLowerCase());
    return index === undefined ? null : () => this.label(index, -1);
  }

  private numberKeys(event: KeyboardEvent, name: string): (() => unknown) | null {
    const { desk } = this;
    const { draft, project } = desk.view;
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    if (buttonsOf(project?.number ?? null)) {
      return name === "Backspace" && draft.touched && draft.number ? () => desk.draft({ number: "" }) : null;
    }
    if (/^[0-9.,-]$/.test(name)) return () => desk.draft({ number: desk.view.draft.number + name });
    if (name === "Backspace" && draft.number) return () => desk.draft({ number: desk.view.draft.number.slice(0, -1) });
    return null;
  }

  /** A value of a short scale. */
  private async number(value: number): Promise<void> {
    const { desk } = this;
    desk.draft({ number: String(value) });
    if (desk.view.project?.settings.advance) await desk.answer("label", value);
    else desk.say(`${value} chosen. Enter saves.`);
  }
}

const clamp = (x: number, low: number, high: number): number => Math.round(Math.max(low, Math.min(high, x)) * 1e4) / 1e4;

/** A rectangle moved or sized by one step, kept inside the picture. */
export function steered(box: Box, turn: [number, number], size: boolean, step = 0.02): Box {
  const [x, y, width, height] = box;
  if (size) {
    return [x, y, clamp(width + turn[0] * step, step, 1 - x), clamp(height + turn[1] * step, step, 1 - y)];
  }
  return [clamp(x + turn[0] * step, 0, 1 - width), clamp(y + turn[1] * step, 0, 1 - height), width, height];
}
