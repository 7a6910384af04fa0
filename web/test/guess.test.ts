import { expect, test } from "vitest";
import { guessBefore, guessWords } from "../src/logic/guess";
import type { Guess, Project, Task, When } from "../src/types";

const project = (task: Task, suggestions: When): Pick<Project, "task" | "settings"> =>
  ({ task, settings: { suggestions } }) as Pick<Project, "task" | "settings">;

test("a guess without a share shows no percent", () => {
  expect(guessWords(["cat", 0.624])).toBe("cat, 62 %");
  expect(guessWords(["3.5", null])).toBe("3.5");
  expect(guessWords(["“Ada” person", null])).toBe("“Ada” person");
});

test("a guess stands before the answer where it is drawn, and only there", () => {
  const guess: Guess[] = [["3.5", null]];
  expect(guessBefore(project("number", "before"), guess, null)).toEqual(guess);
  expect(guessBefore(project("single", "before"), [["cat", 1]], null)).toEqual([["cat", 1]]);
  expect(guessBefore(project("number", "before"), guess, 0)).toEqual([]);
  expect(guessBefore(project("number", "after"), guess, null)).toEqual([]);
  expect(guessBefore(project("single", "never"), guess, null)).toEqual([]);
  expect(guessBefore(project("spans", "before"), guess, null)).toEqual([]);
  expect(guessBefore(project("single", "before"), null, null)).toEqual([]);
});
