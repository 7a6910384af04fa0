import { expect, test } from "vitest";
import { chosen, codePointAt, moved, over, pieces, slice, spanAt, toggleRange, touched, withoutSpan, withSpan, wordsOf } from "../src/logic/words";
import type { Span } from "../src/types";

const TEXT = "Ada 💶 met Zoë.";

test("words count in code points", () => {
  expect(wordsOf(TEXT)).toEqual([
    { start: 0, end: 3, text: "Ada" },
    { start: 4, end: 5, text: "💶" },
    { start: 6, end: 9, text: "met" },
    { start: 10, end: 13, text: "Zoë" },
    { start: 13, end: 14, text: "." },
  ]);
  expect(codePointAt(TEXT, TEXT.indexOf("met"))).toBe(6);
  expect(slice(TEXT, 4, 9)).toBe("💶 met");
});

test("the cursor moves, extends and stays inside", () => {
  let cursor = { anchor: 0, at: 0 };
  cursor = moved(cursor, 1, false, 5);
  expect(cursor).toEqual({ anchor: 1, at: 1 });
  cursor = moved(cursor, 1, true, 5);
  expect(chosen(cursor)).toEqual([1, 2]);
  cursor = moved(cursor, -9, true, 5);
  expect(chosen(cursor)).toEqual([0, 1]);
  expect(moved(cursor, 99, false, 5)).toEqual({ anchor: 4, at: 4 });
  expect(over(wordsOf(TEXT), 1, 2)).toEqual([4, 9]);
  expect(over([], 0, 0)).toBeNull();
});

test("a selection by mouse snaps to words", () => {
  const words = wordsOf(TEXT);
  expect(touched(words, 1, 7)).toEqual([0, 2]);
  expect(touched(words, 3, 4)).toBeNull();
  expect(touched(words, 11, 12)).toEqual([3, 3]);
});

test("a span gives way to one laid over it", () => {
  let spans: Span[] = withSpan([], 4, 9, "place");
  spans = withSpan(spans, 0, 3, "person");
  expect(spans).toEqual([[0, 3, "person"], [4, 9, "place"]]);
  expect(withSpan(spans, 6, 13, "date")).toEqual([[0, 3, "person"], [6, 13, "date"]]);
  expect(spanAt(spans, 8, 9)).toEqual([4, 9, "place"]);
  expect(spanAt(spans, 3, 4)).toBeNull();
  expect(withoutSpan(spans, 0, 1)).toEqual([[4, 9, "place"]]);
});

test("marked words join, and split when taken away", () => {
  expect(toggleRange([[0, 3]], 3, 5)).toEqual([[0, 5]]);
  expect(toggleRange([[0, 9]], 4, 5)).toEqual([[0, 4], [5, 9]]);
  expect(toggleRange([[4, 5]], 4, 5)).toEqual([]);
  expect(toggleRange([[0, 2], [6, 8]], 1, 7)).toEqual([[0, 8]]);
});

test("pieces lose nothing and know their span", () => {
  for (const text of [TEXT, "  two  spaces\n\nand lines ", "", "日本語のテキスト"]) {
    const drawn = pieces(text, wordsOf(text), [[0, 1, "x"]], [[1, 2]]);
    expect(drawn.map((piece) => piece.text).join("")).toBe(text);
  }
  const drawn = pieces(TEXT, wordsOf(TEXT), [[1, 3, "x"]]);
  expect(drawn.slice(0, 2).map((piece) => [piece.text, piece.span?.[2] ?? null])).toEqual([["A", null], ["da", "x"]]);
});
