/** The answer that is being made for the item on the desk. */

import { isPlain, pointsOf, type Points, sharesOf } from "../logic/shares";
import { read, type Scale } from "../logic/numbers";
import { renamed } from "../logic/renames";
import type { Cursor } from "../logic/words";
import type { Answer, Box, ClassInfo, Kind, Point, Rationale, Rename, Shares, Span, Task, Value } from "../types";

export type Mode = "plain" | "soft" | "reason";

export interface Draft {
  mode: Mode;
  label: string | null;
  labels: string[];
  number: string;
  spans: Span[];
  points: Points;
  /** shares given before: they stay as they were until a point changes */
  shares: Shares | null;
  words: [number, number][];
  boxes: Box[];
  strokes: Point[][];
  /** the rectangle that the arrows move */
  frame: Box | null;
  brush: boolean;
  /** the answer is doubted: it weighs less in training */
  doubt: boolean;
  note: string;
  noting: boolean;
  cursor: Cursor;
  touched: boolean;
}

export function blank(): Draft {
  return {
    mode: "plain",
    label: null,
    labels: [],
    number: "",
    spans: [],
    points: {},
    shares: null,
    words: [],
    boxes: [],
    strokes: [],
    frame: null,
    brush: false,
    doubt: false,
    note: "",
    noting: false,
    cursor: { anchor: 0, at: 0 },
    touched: false,
  };
}

/** A draft that begins with an answer given before. */
export function draftOf(answer: Answer | null, task: Task): Draft {
  const draft = blank();
  if (!answer) return draft;
  const value = answer.value ?? null;
  if (answer.kind === "distribution" && value && typeof value === "object" && !Array.isArray(value)) {
    draft.shares = value as Shares;
    draft.points = pointsOf(draft.shares);
    draft.mode = "soft";
  } else if (answer.kind === "label") {
    if (task === "single" && typeof value === "string") draft.label = value;
    if (task === "multi" && Array.isArray(value)) draft.labels = value as string[];
    if (task === "number" && value !== null) draft.number = String(value);
    if (task === "spans" && Array.isArray(value)) draft.spans = value as Span[];
  }
  draft.words = answer.rationale?.words ?? [];
  draft.boxes = answer.rationale?.boxes ?? [];
  draft.strokes = answer.rationale?.strokes ?? [];
  draft.doubt = draft.mode === "soft" || (answer.weight ?? 1) < 1;
  draft.note = answer.note ?? "";
  draft.noting = draft.note !== "";
  return draft;
}

/** A draft whose classes are called as they are now. */
export function called(draft: Draft, renames: Rename[]): Draft {
  if (renames.length === 0) return draft;
  return {
    ...draft,
    label: renamed(draft.label, renames),
    labels: renamed(draft.labels, renames),
    spans: renamed(draft.spans, renames),
    points: renamed(draft.points, renames),
    shares: renamed(draft.shares, renames),
  };
}

/** A draft without the classes that are there no longer. Shares that lose one are all given anew. */
export function fitted(draft: Draft, classes: ClassInfo[]): Draft {
  const names = new Set(classes.map((one) => one.name));
  const known = (name: string): boolean => names.has(name);
  const used = [draft.label ?? [], draft.labels, draft.spans.map((span) => span[2]), Object.keys(draft.points)].flat();
  if (used.every(known)) return draft;
  return {
    ...draft,
    label: draft.label && known(draft.label) ? draft.label : null,
    labels: draft.labels.filter(known),
    spans: draft.spans.filter((span) => known(span[2])),
    ...(Object.keys(draft.points).every(known) ? {} : { points: {}, shares: null }),
  };
}

/** The shares as they stand; null where there are none. */
export function sharesNow(draft: Draft, task: Task): Shares | null {
  return draft.shares ?? sharesOf(draft.points, task);
}

export type Made = { kind: Kind; value: Value } | { fault: string };

/** What Enter would send, or what is missing. */
export function madeOf(draft: Draft, task: Task, scale: Scale | null): Made {
  const shares = sharesNow(draft, task);
  if (shares && (draft.shares || !isPlain(shares, task))) return { kind: "distribution", value: shares };
  const soft = shares !== null || draft.mode === "soft";
  if (task === "multi") return { kind: "label", value: soft ? Object.keys(shares ?? {}) : draft.labels };
  if (task === "spans") return { kind: "label", value: draft.spans };
  if (task === "number") {
    if (!draft.number.trim()) return { fault: "Give a number first." };
    const got = read(draft.number, scale);
    return "fault" in got ? got : { kind: "label", value: got.value };
  }
  const label = soft ? Object.keys(shares ?? {})[0] : draft.label;
  if (!label) return { fault: soft ? "Give a label a point first." : "Choose a label first." };
  return { kind: "label", value: label };
}

export function rationaleOf(draft: Draft): Rationale | null {
  const out: Rationale = {};
  if (draft.words.length > 0) out.words = draft.words;
  if (draft.boxes.length > 0) out.boxes = draft.boxes;
  if (draft.strokes.length > 0) out.strokes = draft.strokes;
  return Object.keys(out).length > 0 ? out : null;
}

/** An answer in a few words, for the history and for the screen reader. */
export function said(kind: string, value: Value | undefined): string {
  if (kind === "skip") return "skipped";
  if (kind === "reject") return "rejected";
  if (value === null || value === undefined) return "no answer";
  if (typeof value !== "object") return String(value);
  if (!Array.isArray(value)) {
    return Object.entries(value)
      .map(([name, share]) => `${name} ${Math.round(share * 100)} %`)
      .join(", ");
  }
  if (value.length === 0) return "none";
  if (Array.isArray(value[0])) return `${value.length} ${value.length === 1 ? "span" : "spans"}`;
  return (value as string[]).join(", ");
}
