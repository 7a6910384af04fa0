/** Shapes of the HTTP API, version 1 (docs/decisions/0010-live-loop.md). */

export type Task = "single" | "multi" | "number" | "spans";
export type Modality = "text" | "image" | "table";
export type Profile = "querist" | "label-studio" | "argilla";
export type When = "after" | "before" | "never";
export type Kind = "label" | "distribution" | "skip" | "reject";

export type Span = [start: number, end: number, label: string];
export type Shares = Record<string, number>;
export type Value = string | string[] | number | Span[] | Shares | null;
export type Box = [x: number, y: number, width: number, height: number];
export type Point = [x: number, y: number];
export interface Rationale {
  words?: [number, number][];
  boxes?: Box[];
  strokes?: Point[][];
}

/** A class that was renamed, or merged into another. */
export type Rename = [old: string, now: string];

export interface ClassInfo {
  name: string;
  /** the one that people gave it; null where the page chooses */
  key: string | null;
  count: number;
}

export interface Settings {
  strategy: string;
  suggestions: When;
  advance: boolean;
  profile: Profile;
  keys: Record<string, string>;
  class_keys: Record<string, string>;
  validation: number;
  control: number;
}

export interface Project {
  /** this project's alone, also where another has its name */
  id: string;
  name: string;
  task: Task;
  modality: Modality;
  classes: ClassInfo[];
  /** all so far, oldest first */
  renames: Rename[];
  number: { low: number; high: number; step: number } | null;
  guideline: string;
  settings: Settings;
  items: number;
  labelled: number;
  skipped: number;
  rejected: number;
  flagged: number;
  encoder: { name: string; done: number; of: number } | null;
  trainer: { state: "starting" | "idle" | "busy" | "paused" | "off"; reason: string | null };
  model: { round: number; labels: number; at: number } | null;
  version: string;
}

export interface Item {
  id: string;
  text: string | null;
  image: string | null;
  width: number | null;
  height: number | null;
  fields: Record<string, unknown> | null;
}

export interface Answer {
  kind: Kind;
  value?: Value;
  rationale?: Rationale | null;
  note?: string | null;
  weight?: number | null;
}

/** Without a share where the model has none: a number, or spans in words. */
export type Guess = [label: string, share: number | null];

export interface Handed {
  query: string;
  fence: number;
  item: Item;
  role: string;
  reason: string | null;
  score: number | null;
  until: number;
  suggestion: Guess[] | null;
  previous: Answer | null;
  flag: boolean;
}

export interface NextReply {
  items: Handed[];
  left: number;
  why: null | "exhausted" | "all handed out";
}

export interface AnswerReply {
  counted: boolean;
  seq?: number;
  item?: string;
  state?: string;
  labelled?: number;
  /** the hand-out that it answers: another than it was sent with where it came late and the item was still free */
  query?: string;
  why?: string;
}

export interface Row extends Item {
  state: string;
  value: Value;
  by: string | null;
  at: number | string | null;
  guess: Guess | null;
  flag?: boolean;
}

export interface HistoryEvent {
  kind: string;
  at?: number | string | null;
  user?: string | null;
  value?: Value;
  note?: string | null;
  reason?: string | null;
  detail?: string | null;
  [more: string]: unknown;
}

export interface RowHistory extends Row {
  history: HistoryEvent[];
}

export interface BadRow {
  at: string;
  why: string;
}

/** What an import would bring, or did. */
export interface Brought {
  items: number;
  known: number;
  answers: number;
  classes: string[];
  notes: string[];
  left_out: number;
  rows: BadRow[];
  repeated?: number;
  history?: number;
  flags?: number;
}

/** What a script reads of the figures; the page of the panel is drawn by the server. A report may have no advice, or an empty one. */
export interface Panel {
  advice: { stop?: boolean; text?: string } | null;
}
