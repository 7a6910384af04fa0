import { expect, test } from "vitest";
import { clashes, actionKeys, keymap, meaningOf, nameOf, printed } from "../src/logic/keymap";
import type { ClassInfo } from "../src/types";

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
  expect(map.shown).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e"]);
  const more = keymap("querist", {}, "single", classes(...Array.from({ length: 40 }, (_, k) => `class ${k}`)));
  const used = more.shown.filter(Boolean);
  expect(new Set(used).size).toBe(used.length);
  expect(used.filter((key) => more.actions.has(key))).toEqual([]);
  expect(more.shown[39]).toBe("");
});

test("a class named by a digit has that digit", () => {
  const map = keymap("querist", {}, "single", classes(..."0123456789".split("")));
  expect(map.shown).toEqual([..."0123456789"]);
  const given = [{ name: "0", key: "1", count: 0 }, { name: "1", key: "2", count: 0 }];
  expect(keymap("querist", {}, "single", given).shown).toEqual(["0", "1"]);
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
  expect(meaningOf({ key: "[" }, map)).toEqual({ action: "previous" });
});

test("printed keys", () => {
  expect(printed("Shift+ArrowLeft")).toBe("Shift+←");
  expect(printed("Ctrl+z")).toBe("Ctrl+Z");
  expect(printed("+")).toBe("+");
});
