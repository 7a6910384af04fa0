/** The model's guess: in words, and whether it stands before the answer. */

import type { Guess, Project } from "../types";
import { percent } from "./shares";

/** A number and spans have no share: nothing is known of how sure the model is of them. */
export function guessWords([name, share]: Guess): string {
  return share === null ? name : `${name}, ${percent(share)}`;
}

/** What is drawn before the answer; spans are told of after it only, and an answer that is looked at again has none. */
export function guessBefore(project: Pick<Project, "task" | "settings">, suggestion: Guess[] | null, looking: number | null): Guess[] {
  if (project.settings.suggestions !== "before" || looking !== null || project.task === "spans") return [];
  return suggestion ?? [];
}
