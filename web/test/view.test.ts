/** What a screen reader is told of an item. */

import { expect, it } from "vitest";
import { spoken } from "../src/desk/view";
import type { Handed, Item } from "../src/types";

const handed = (item: Partial<Item>, reason: string | null = "Drawn at random."): Handed => ({
  query: "q1", fence: 1, role: "queue", reason, score: null, until: 0, suggestion: null, previous: null, flag: false,
  item: { id: "cat 1.png", text: null, image: null, width: null, height: null, fields: null, ...item },
});

it("says the text, the fields of a table or the name of a picture, and why it is asked", () => {
  expect(spoken(handed({ text: " Where is\n\nmy lamp? " }))).toBe("Where is my lamp? Drawn at random.");
  expect(spoken(handed({ text: "no end" }, null))).toBe("no end.");
  expect(spoken(handed({ image: "/a", fields: { age: 3 } }))).toBe("cat 1.png. Drawn at random.");
  expect(spoken(handed({ fields: { age: 3, city: "Kraków" } }))).toBe("age 3, city Kraków. Drawn at random.");
});

it("says no more than two hundred signs, and breaks none in two", () => {
  expect(spoken(handed({ text: "💶".repeat(200) }, null))).toBe(`${"💶".repeat(200)}.`);
  expect(spoken(handed({ text: "💶".repeat(100_000) }, null))).toBe(`${"💶".repeat(200)} …`);
});
