/** Words of a text and spans over them. All offsets that leave this file are in code points, end exclusive. */

import type { Span } from "../types";

export interface Word {
  start: number;
  end: number;
  text: string;
}

const SEGMENTS = new Intl.Segmenter(undefined, { granularity: "word" });

/** The words and signs of a text, in order, without the white space between them. */
export function wordsOf(text: string): Word[] {
  const out: Word[] = [];
  let at = 0;
  for (const { segment } of SEGMENTS.segment(text)) {
    const length = lengthOf(segment);
    if (segment.trim()) out.push({ start: at, end: at + length, text: segment });
    at += length;
  }
  return out;
}

/** Length in code points. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The code-point offset of a code-unit offset (what the browser's selection speaks). */
export function codePointAt(text: string, unit: number): number {
  return lengthOf(text.slice(0, unit));
}

/** A piece of text by code points. */
export function slice(text: string, start: number, end: number): string {
  return [...text].slice(start, end).join("");
}

/** A selection by the cursor: from the word where it began to the word where it is. */
export interface Cursor {
  anchor: number;
  at: number;
}

export function moved(cursor: Cursor, step: number, extend: boolean, words: number): Cursor {
  const at = Math.max(0, Math.min(words - 1, cursor.at + step));
  return { anchor: extend ? cursor.anchor : at, at };
}

/** First and last word under the cursor, in order. */
export function chosen(cursor: Cursor): [first: number, last: number] {
  return cursor.anchor <= cursor.at ? [cursor.anchor, cursor.at] : [cursor.at, cursor.anchor];
}

/** The span over words first to last. */
export function over(words: Word[], first: number, last: number): [number, number] | null {
  const from = words[first];
  const to = words[last];
  return from && to ? [from.start, to.end] : null;
}

/** Words that a selection touches; null where it touches none. */
export function touched(words: Word[], start: number, end: number): [number, number] | null {
  const first = words.findIndex((word) => word.end > start);
  let last = -1;
  words.forEach((word, index) => {
    if (word.start < end) last = index;
  });
  return first >= 0 && last >= first ? [first, last] : null;
}

function overlap(a: readonly [number, number, ...unknown[]], start: number, end: number): boolean {
  return a[0] < end && start < a[1];
}

/** Spans with one more. No span lies over another: those that the new one touches give way. */
export function withSpan(spans: Span[], start: number, end: number, label: string): Span[] {
  const kept = spans.filter((span) => !overlap(span, start, end));
  return [...kept, [start, end, label] as Span].sort((a, b) => a[0] - b[0]);
}

/** Spans without those that a place touches. */
export function withoutSpan(spans: Span[], start: number, end: number): Span[] {
  return spans.filter((span) => !overlap(span, start, end));
}

export function spanAt(spans: Span[], start: number, end: number): Span | null {
  return spans.find((span) => overlap(span, start, end)) ?? null;
}

/** Marked words of a rationale: a range that is marked already is taken away, else added; neighbours are joined. */
export function toggleRange(ranges: [number, number][], start: number, end: number): [number, number][] {
  if (ranges.some((range) => range[0] <= start && end <= range[1])) {
    return ranges.flatMap((range): [number, number][] => {
      if (!overlap(range, start, end)) return [range];
      const parts: [number, number][] = [
        [range[0], start],
        [end, range[1]],
      ];
      return parts.filter((part) => part[0] < part[1]);
    });
  }
  const sorted = [...ranges, [start, end] as [number, number]].sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const range of sorted) {
    const last = out[out.length - 1];
    if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
    else out.push([range[0], range[1]]);
  }
  return out;
}

export interface Piece {
  text: string;
  word: number | null;
  span: Span | null;
  marked: boolean;
}

/** The text in pieces to draw: every word a piece, the white space between two words a piece; nothing is lost. */
export function pieces(text: string, words: Word[], spans: Span[], ranges: [number, number][] = []): Piece[] {
  const points = [...text];
  const out: Piece[] = [];
  const push = (start: number, end: number, word: number | null): void => {
    if (start >= end) return;
    out.push({
      text: points.slice(start, end).join(""),
      word,
      span: spans.find((span) => span[0] <= start && end <= span[1]) ?? null,
      marked: ranges.some((range) => range[0] <= start && end <= range[1]),
    });
  };
  const cut = (start: number, end: number, word: number | null): void => {
    // a span or range of another's making may begin inside a word
    const edges = new Set([start, end]);
    for (const range of [...spans, ...ranges]) {
      for (const edge of [range[0], range[1]]) if (start < edge && edge < end) edges.add(edge);
    }
    const sorted = [...edges].sort((a, b) => a - b);
    for (let k = 0; k + 1 < sorted.length; k += 1) push(sorted[k] ?? 0, sorted[k + 1] ?? 0, word);
  };
  let at = 0;
  words.forEach((word, index) => {
    cut(at, word.start, null);
    cut(word.start, word.end, index);
    at = word.end;
  });
  cut(at, points.length, null);
  return out;
}
