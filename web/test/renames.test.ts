import { expect, test } from "vitest";
import { called, draftOf } from "../src/desk/draft";
import { found } from "../src/logic/find";
import { renamed } from "../src/logic/renames";
import type { Rename, Value } from "../src/types";

test("every kind of value follows its classes", () => {
  const one: Rename[] = [["cat", "feline"]];
  expect(renamed<Value>("cat", one)).toBe("feline");
  expect(renamed<Value>("dog", one)).toBe("dog");
  expect(renamed<Value>(["dog", "cat"], one)).toEqual(["dog", "feline"]);
  expect(renamed<Value>({ cat: 0.7, dog: 0.3 }, one)).toEqual({ feline: 0.7, dog: 0.3 });
  expect(renamed<Value>([[0, 2, "cat"], [3, 4, "dog"]], one)).toEqual([[0, 2, "feline"], [3, 4, "dog"]]);
  for (const same of [null, 3, []] as Value[]) expect(renamed(same, one)).toEqual(same);
});

test("one name after the other, and classes that became one are one", () => {
  const several: Rename[] = [["cat", "tom"], ["dog", "cat"], ["tom", "cat"]];
  expect(renamed<Value>("cat", several)).toBe("cat");
  expect(renamed<Value>("dog", several.slice(0, 1))).toBe("dog");
  expect(renamed<Value>(["cat", "dog"], several)).toEqual(["cat"]);
  expect(renamed<Value>({ cat: 0.5, dog: 0.25, cow: 0.25 }, several)).toEqual({ cat: 0.75, cow: 0.25 });
});

test("a draft follows too", () => {
  const draft = draftOf({ kind: "distribution", value: { cat: 0.7, dog: 0.3 } }, "single");
  const now = called(draft, [["cat", "feline"]]);
  expect([now.points, now.shares]).toEqual([{ feline: 7, dog: 3 }, { feline: 0.7, dog: 0.3 }]);
  expect(called(draftOf({ kind: "label", value: "cat" }, "single"), [["cat", "dog"]]).label).toBe("dog");
  expect(called(draft, [])).toBe(draft);
});

test("labels found by typing: whole names, beginnings, words, then anything", () => {
  const names = ["Oscar", "red car", "carpet", "car", "Élan vital"];
  expect(found(names, "")).toEqual([0, 1, 2, 3, 4]);
  expect(found(names, "CAR ")).toEqual([3, 2, 1, 0]);
  expect(found(names, "elan")).toEqual([4]);
  expect(found(names, "vital")).toEqual([4]);
  expect(found(names, "zebra")).toEqual([]);
});
