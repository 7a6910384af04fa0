import { expect, test } from "vitest";
import { actionKeys, bindable, choices, clashes, keymap, keyOf, meaningOf, nameOf, printed } from "../src/logic/keymap";
import type { ClassInfo, Project } from "../src/types";

const classes = (...names: string[]): ClassInfo[] => names.map((name) => ({ name, key: null, count: 0 }));

test("names of presses", () => {
  expect(nameOf({ key: "a" })).toBe("a");
  expect(nameOf({ key: " " })).toBe("Space");
  expect(nameOf({ key: "?", shiftKey: true })).toBe("?");
  expect(nameOf({ key: "Z", ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+z");
  expect(nameOf({ key: "z", metaKey: true })).toBe("Ctrl+z");
  expect(nameOf({ key: "ArrowLeft", shiftKey: true })).toBe("Shift+ArrowLeft");
});

test("digits first, then letters that no action has", () => {
  const map = keymap("querist", {}, "single", classes(..."ABCDEFGHIJKLMN".split("")));
  expect(map.shown).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "a", "b", "c", "d"]);
  const more = keymap("querist", {}, "single", classes(...Array.from({ length: 40 }, (_, k) => `class ${k}`)));
  const used = more.shown.filter(Boolean);
  expect(new Set(used).size).toBe(used.length);
  expect(used.filter((key) => more.actions.has(key))).toEqual([]);
  expect(more.shown[39]).toBe("");
});

test("a class named by a digit has that digit", () => {
  const map = keymap("querist", {}, "single", classes(..."0123456789".split("")));
  expect(map.shown).toEqual([..."0123456789"]);
});

/** Values of a scale with their keys, as "value:key". */
function rated(low: number, high: number, step: number): string {
  const rows = choices({ task: "number", number: { low, high, step }, classes: [] as ClassInfo[] } as Project);
  const map = keymap("querist", {}, "number", rows);
  return rows.map((one, index) => `${one.name}:${map.shown[index]}`).join(" ");
}

test("every value of a short scale has a key", () => {
  expect(rated(1, 5, 1)).toBe("1:1 2:2 3:3 4:4 5:5");
  expect(rated(0, 9, 1)).toBe("0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9");
  expect(rated(1, 10, 1)).toBe("1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:0");
  expect(rated(0, 10, 1)).toBe("0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:a");
  expect(rated(1, 3, 0.5)).toBe("1:1 1.5:2 2:3 2.5:4 3:5");
  expect(rated(-2, 2, 1)).toBe("-2:1 -1:2 0:3 1:4 2:5");
  expect(choices({ task: "number", number: { low: 0, high: 100, step: 1 }, classes: [] as ClassInfo[] } as Project)).toEqual([]);
});

test("no action has Tab", () => {
  expect(["Tab", "Shift+Tab", "Ctrl+Tab"].filter(bindable)).toEqual([]);
  expect(["t", "Ctrl+ArrowLeft", "+", "Ctrl++", "Enter"].every(bindable)).toBe(true);
  expect(actionKeys("querist", { skip: "Tab" }, "single").skip).toEqual(["Space"]);
});

test("the key that people gave a class goes before its digit, and the digit to nobody else", () => {
  const given = [{ name: "0", key: null, count: 0 }, { name: "1", key: "0", count: 0 }, { name: "2", key: null, count: 0 }];
  expect(keymap("querist", {}, "single", given).shown).toEqual(["1", "0", "2"]);
  expect(keymap("querist", {}, "single", given.map((one) => ({ ...one, key: one.name === "1" ? "k" : null }))).shown).toEqual(["0", "k", "2"]);
});

test("keys of classes: signs, names and capitals; the others have the next free default", () => {
  const map = keymap("querist", {}, "single", [
    { name: "cat", key: "2", count: 0 },
    { name: "dog", key: null, count: 0 },
    { name: "cow", key: "F2", count: 0 },
    { name: "owl", key: null, count: 0 },
    { name: "hen", key: "H", count: 0 },
  ]);
  expect(map.shown).toEqual(["2", "1", "F2", "3", "H"]);
  expect(meaningOf({ key: "F2" }, map)).toEqual({ label: 2 });
  expect(meaningOf({ key: "H", shiftKey: true }, map)).toEqual({ label: 4 });
  expect(map.shown.map(printed)).toEqual(["2", "1", "F2", "3", "Shift+H"]);
});

test("the key that does an action", () => {
  const of = (own: Record<string, string>, task: "single" | "spans"): string | null =>
    keyOf("previous", keymap("querist", own, task, classes("cat")), task);
  expect(of({}, "single")).toBe("ArrowLeft");
  expect(of({}, "spans")).toBe(",");
  expect(of({ previous: "p" }, "spans")).toBe("p");
  expect(of({ previous: "ArrowUp" }, "single")).toBe("ArrowUp");
  expect(of({ previous: "ArrowUp" }, "spans")).toBeNull();
  expect(of({ skip: "ArrowLeft" }, "single")).toBeNull();
});

test("a key of the server is kept unless an action or another class has it", () => {
  const map = keymap("querist", {}, "single", [
    { name: "cat", key: "c", count: 0 },
    { name: "dog", key: "x", count: 0 },
    { name: "cow", key: "c", count: 0 },
  ]);
  expect(map.shown).toEqual(["c", "1", "2"]);
  expect(meaningOf({ key: "x" }, map)).toEqual({ action: "reject" });
});

test("profiles", () => {
  const of = (profile: "querist" | "label-studio" | "argilla") => keymap(profile, {}, "single", classes("cat"));
  expect(meaningOf({ key: "Backspace" }, of("querist"))).toEqual({ action: "undo" });
  expect(meaningOf({ key: "Backspace" }, of("argilla"))).toEqual({ action: "skip" });
  expect(meaningOf({ key: "Backspace" }, of("label-studio"))).toBeNull();
  expect(meaningOf({ key: "Enter", ctrlKey: true }, of("label-studio"))).toEqual({ action: "submit" });
  expect(meaningOf({ key: " ", ctrlKey: true }, of("label-studio"))).toEqual({ action: "skip" });
  expect(meaningOf({ key: "1" }, of("argilla"))).toEqual({ label: 0 });
});

test("own keys win, and a key that two actions have is said", () => {
  const map = keymap("querist", { skip: "x" }, "single", classes("cat"));
  expect(meaningOf({ key: "x" }, map)).toEqual({ action: "skip" });
  expect(meaningOf({ key: " " }, map)).toBeNull();
  expect(clashes(actionKeys("querist", { skip: "x" }, "single"))).toHaveLength(1);
  expect(clashes(actionKeys("querist", {}, "spans"))).toEqual([]);
});

test("digits by place where the digit row needs Shift", () => {
  const map = keymap("querist", {}, "single", classes("cat", "dog"));
  expect(meaningOf({ key: "é", code: "Digit2" }, map)).toEqual({ label: 1 });
  expect(meaningOf({ key: "2", code: "Numpad2" }, map)).toEqual({ label: 1 });
  expect(meaningOf({ key: '"', code: "Digit2", shiftKey: true }, map)).toBeNull();
});

test("arrows are left to the words where spans are marked", () => {
  const map = keymap("querist", {}, "spans", classes("person"));
  expect(meaningOf({ key: "ArrowLeft" }, map)).toBeNull();
  for (const key of [",", "["]) expect(meaningOf({ key }, map)).toEqual({ action: "previous" });
  for (const key of [".", "]"]) expect(meaningOf({ key }, map)).toEqual({ action: "next" });
  expect(map.names.previous[0]).toBe(",");
});

test("printed keys", () => {
  expect(printed("Shift+ArrowLeft")).toBe("Shift+←");
  expect(printed("Ctrl+z")).toBe("Ctrl+Z");
  expect(printed("+")).toBe("+");
});
