import { expect, test } from "vitest";
import { stopLine } from "../src/parts/side";

test("the desk says stop only when the rule does, and keeps the figures for the panel", () => {
  expect(stopLine(null)).toBeNull();
  expect(stopLine({})).toBeNull();
  expect(stopLine({ stop: false, text: "Go on until it is flat." })).toBeNull();
  expect(stopLine({ stop: true, text: "You can stop: it is flat. In figures: 0.9." })).toBe("You can stop: it is flat.");
});
