/** The answer that is being made for the item on the desk. */

import { sharesOf, pointsOf, type Points } from "../logic/shares";
import { read, type Scale } from "../logic/numbers";
import type { Cursor } from "../logic/words";
import type { Answer, Box, Kind, Point, Rationale, Shares, Span, Task, Value } from "../types";

export type Mode = "plain" | "soft" | "reason";

export interface Draft {
  mode: Mode;
  label: string | null;
  labels: string[];
  number: string;
  spans: Span[];
  points: Points;
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
    draft.points = pointsOf(value as Shares);
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
  draft.doubt = (answer.weight ?? 1) < 1;
  draft.note = answer.note ?? "";
  return draft;
}

export type Made = { kind: Kind; value: Value } | { fault: string };

/** What Enter would send, or what is missing. */
export function madeOf(draft: Draft, task: Task, scale: Scale | null): Made {
  if (Object.values(draft.points).some((count) => count > 0)) {
    const shares = sharesOf(draft.points, task);
    if (shares) return { kind: "distribution", value: shares };
  }
  if (task === "multi") return { kind: "label", value: draft.labels };
  if (task === "spans") return { kind: "label", value: draft.spans };
  if (task === "number") {
    if (!draft.number.trim()) return { fault: "Give a number first." };
    const got = read(draft.number, scale);
    return "fault" in got ? got : { kind: "label", value: got.value };
  }
  if (!draft.label) return { fault: "Choose a label first." };
  return { kind: "label", value: draft.label };
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
