import { expect, test } from "vitest";
import { steered } from "../src/desk/keys";
import { blank, draftOf, fitted, madeOf, rationaleOf, said } from "../src/desk/draft";
import { blocks, inline } from "../src/logic/markdown";
import { buttonsOf, counted, read } from "../src/logic/numbers";
import { given, pointsFor, pointsOf, sharesOf } from "../src/logic/shares";
import { sentence } from "../src/parts/frame";
import { boxOf } from "../src/parts/picture";

test("shares are points over points", () => {
  let points = given(given(given({}, "cat", 1), "cat", 1), "dog", 1);
  expect(sharesOf(points, "single")).toEqual({ cat: 0.6667, dog: 0.3333 });
  expect(sharesOf(points, "multi")).toEqual({ cat: 0.2, dog: 0.1 });
  points = given(given(points, "dog", -1), "dog", -1);
  expect(sharesOf(points, "single")).toEqual({ cat: 1 });
  expect(sharesOf({ cat: 0 }, "single")).toBeNull();
  expect(pointsOf({ cat: 0.7, dog: 0.3 })).toEqual({ cat: 7, dog: 3 });
});

test("numbers: what is read and what is refused", () => {
  const scale = { low: 0, high: 10, step: 0.5 };
  expect(read(" 3,5 ", scale)).toEqual({ value: 3.5 });
  expect(read("11", scale)).toEqual({ fault: "The number must lie between 0 and 10." });
  expect(read("", null)).toEqual({ fault: "“” is not a number." });
  expect(read("0x10", null)).toHaveProperty("fault");
  expect(read("1e999", null)).toEqual({ fault: "The number is too large." });
  expect(buttonsOf({ low: 1, high: 5, step: 1 })).toEqual([1, 2, 3, 4, 5]);
  expect(buttonsOf({ low: 0, high: 1, step: 0.1 })?.[3]).toBe(0.3);
  expect(buttonsOf(scale)).toBeNull();
  expect(buttonsOf(null)).toBeNull();
});

test("what Enter sends", () => {
  expect(madeOf(blank(), "single", null)).toEqual({ fault: "Choose a label first." });
  expect(madeOf({ ...blank(), label: "cat" }, "single", null)).toEqual({ kind: "label", value: "cat" });
  expect(madeOf({ ...blank(), label: "cat", points: { cat: 1, dog: 1 } }, "single", null)).toEqual({
    kind: "distribution",
    value: { cat: 0.5, dog: 0.5 },
  });
  expect(madeOf(blank(), "multi", null)).toEqual({ kind: "label", value: [] });
  expect(madeOf(blank(), "spans", null)).toEqual({ kind: "label", value: [] });
  expect(madeOf({ ...blank(), number: "2" }, "number", { low: 1, high: 5, step: 1 })).toEqual({ kind: "label", value: 2 });
  expect(rationaleOf(blank())).toBeNull();
  expect(rationaleOf({ ...blank(), words: [[0, 3]] })).toEqual({ words: [[0, 3]] });
});

test("an answer given before comes back into the draft", () => {
  expect(draftOf({ kind: "distribution", value: { cat: 0.5, dog: 0.5 } }, "single").points).toEqual({ cat: 5, dog: 5 });
  expect(draftOf({ kind: "label", value: [[0, 2, "x"]] }, "spans").spans).toEqual([[0, 2, "x"]]);
  expect(draftOf({ kind: "label", value: ["a"], note: "why" }, "multi")).toMatchObject({ labels: ["a"], note: "why" });
  expect(draftOf({ kind: "skip", value: null }, "number").number).toBe("");
});

test.each([{ cat: 0.75, dog: 0.25 }, { cat: 0.96, dog: 0.04 }, { cat: 1 }, { cat: 1 / 3, dog: 2 / 3 }])(
  "shares given before are sent as they were: %o",
  (shares) => {
    for (const task of ["single", "multi"] as const) {
      const draft = draftOf({ kind: "distribution", value: shares }, task);
      expect(draft).toMatchObject({ mode: "soft", doubt: true });
      expect(madeOf(draft, task, null)).toEqual({ kind: "distribution", value: shares });
    }
  },
);

test("a point more begins with the shares given before", () => {
  const draft = { ...draftOf({ kind: "distribution", value: { cat: 0.96, dog: 0.04 } }, "single"), shares: null };
  const more = { ...draft, points: given(draft.points, "dog", 1) };
  expect(madeOf(more, "single", null)).toEqual({ kind: "distribution", value: { cat: 0.8727, dog: 0.1273 } });
  expect(madeOf(more, "multi", null)).toEqual({ kind: "distribution", value: { cat: 0.96, dog: 0.14 } });
});

test("one class in doubt is a label of it", () => {
  const soft = { ...blank(), mode: "soft" as const, doubt: true };
  expect(madeOf({ ...soft, points: { cat: 3, dog: 0 } }, "single", null)).toEqual({ kind: "label", value: "cat" });
  expect(madeOf({ ...soft, label: "cat" }, "single", null)).toEqual({ fault: "Give a label a point first." });
  expect(madeOf({ ...soft, points: pointsFor(["cat", "dog"], "multi") }, "multi", null)).toEqual({ kind: "label", value: ["cat", "dog"] });
  expect(madeOf({ ...soft, points: { ...pointsFor(["cat"], "multi"), dog: 3 } }, "multi", null)).toEqual({
    kind: "distribution",
    value: { cat: 1, dog: 0.3 },
  });
  expect(madeOf({ ...soft, points: { cat: 3 } }, "multi", null)).toEqual({ kind: "distribution", value: { cat: 0.3 } });
  expect(madeOf(soft, "multi", null)).toEqual({ kind: "label", value: [] });
  expect(draftOf({ kind: "label", value: "cat", weight: 0.5 }, "single")).toMatchObject({ mode: "plain", label: "cat", doubt: true });
});

test("a note given before is shown", () => {
  expect(draftOf({ kind: "skip", note: "why" }, "single")).toMatchObject({ note: "why", noting: true });
  expect(draftOf({ kind: "skip", note: null }, "single").noting).toBe(false);
});

test("a draft loses classes that are there no longer", () => {
  const classes = ["fine", "bad"].map((name) => ({ name, key: null, count: 0 }));
  const of = (part: object): object => fitted({ ...blank(), ...part }, classes);
  expect(of({ label: "good" })).toMatchObject({ label: null });
  expect(of({ labels: ["good", "bad"] })).toMatchObject({ labels: ["bad"] });
  expect(of({ spans: [[0, 1, "bad"], [2, 3, "good"]] })).toMatchObject({ spans: [[0, 1, "bad"]] });
  expect(of({ label: "bad", points: { good: 5, bad: 5 }, shares: { good: 0.5, bad: 0.5 } })).toMatchObject({
    label: "bad",
    points: {},
    shares: null,
  });
  const draft = { ...blank(), label: "fine", number: "3" };
  expect(fitted(draft, classes)).toBe(draft);
});

test("answers in words", () => {
  expect(said("skip", null)).toBe("skipped");
  expect(said("label", [[0, 2, "x"]])).toBe("1 span");
  expect(said("label", [])).toBe("none");
  expect(said("distribution", { cat: 0.25 })).toBe("cat 25 %");
});

test("the safe part of Markdown, and nothing of HTML", () => {
  expect(blocks("# Head\n\ntext\nmore\n\n- a\n- b\n1. c")).toEqual([
    { kind: "heading", level: 3, parts: [{ kind: "text", text: "Head" }] },
    { kind: "paragraph", parts: [{ kind: "text", text: "text more" }] },
    { kind: "list", ordered: false, items: [[{ kind: "text", text: "a" }], [{ kind: "text", text: "b" }]] },
    { kind: "list", ordered: true, items: [[{ kind: "text", text: "c" }]] },
  ]);
  expect(inline("a **b** `c` *d*").map((part) => part.kind)).toEqual(["text", "bold", "text", "code", "text", "slant"]);
  const evil = "<img src=x onerror=alert(1)> [x](javascript:alert(1))";
  expect(blocks(evil)).toEqual([{ kind: "paragraph", parts: [{ kind: "text", text: evil }] }]);
});

test("rectangles stay inside the picture", () => {
  expect(boxOf([0.8, 0.6], [0.2, 0.9])).toEqual([0.2, 0.6, 0.6, 0.3]);
  expect(steered([0.69, 0, 0.3, 0.3], [1, -1], false)).toEqual([0.7, 0, 0.3, 0.3]);
  expect(steered([0.5, 0.5, 0.5, 0.02], [1, -1], true)).toEqual([0.5, 0.5, 0.5, 0.02]);
});

test("words are whole sentences", () => {
  expect([counted(1, "row"), counted(1204, "row"), counted(0, "item")]).toEqual(["1 row", "1,204 rows", "0 items"]);
  expect([sentence("the link was used"), sentence("Really?")]).toEqual(["The link was used.", "Really?"]);
});
