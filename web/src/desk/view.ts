/** What the labelling page shows, and what it says of the way to the server. */

import type { Guess, Handed, Project } from "../types";
import { blank, type Draft } from "./draft";
import type { Link } from "./outbox";
import type { Held } from "./queue";
import type { Entry } from "./store";

export interface Notice {
  kind: "fault" | "hint";
  text: string;
}

export interface View {
  project: Project | null;
  current: Held | null;
  draft: Draft;
  /** entries of the history, newest first */
  history: Entry[];
  /** place in the history that is looked at; null at work */
  looking: number | null;
  /** the entry that is looked at: its place may change while other tabs answer */
  seen: Entry | null;
  waiting: number;
  refused: Entry[];
  link: Link;
  why: string | null;
  saying: string;
  notice: Notice | null;
  last: { text: string; guess: Guess[] | null } | null;
  empty: string | null;
  flagged: boolean;
  /** what is typed to find a label; null where nobody looks for one */
  find: string | null;
  lasting: boolean;
}

/** Whether a model chooses: a first round without labels is none. */
export function learnt(project: Project | null): boolean {
  return (project?.model?.labels ?? 0) > 0;
}

/** Signs of an item that are said aloud. */
const ALOUD = 200;

/** An item and why it is asked, as a screen reader says it. */
export function spoken(handed: Handed): string {
  const { item, reason } = handed;
  const fields = Object.entries(item.fields ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  const text = item.text ?? (item.image === null && fields.length > 0 ? fields.join(", ") : item.id);
  const signs = [...text.slice(0, 4 * ALOUD).replace(/\s+/g, " ").trim()];
  const words = signs.length > ALOUD ? `${signs.slice(0, ALOUD).join("")} …` : signs.join("");
  return [/[.!?…]$/.test(words) ? words : `${words}.`, reason ?? ""].join(" ").trim();
}

export function begun(): View {
  return {
    project: null,
    current: null,
    draft: blank(),
    history: [],
    looking: null,
    seen: null,
    waiting: 0,
    refused: [],
    link: "up",
    why: null,
    saying: "",
    notice: null,
    last: null,
    empty: null,
    flagged: false,
    find: null,
    lasting: true,
  };
}

export const LINKS: Record<Exclude<Link, "up">, string> = {
  offline: "Offline. Answers are kept in this browser and sent when the server is back.",
  session: "Your session has ended. Answers are kept here. A new link lets you go on: start the server again, or ask a browser that is logged in for one, in its settings.",
  server: "The server cannot save just now. Answers are kept here and sent again.",
};
