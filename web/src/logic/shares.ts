/** A soft label by keys: each press gives a class one point more; a share is its points over all points. */

import type { Shares, Task } from "../types";

export type Points = Record<string, number>;

export const MOST = 20;

/** A class that is chosen has all tenths where each class is a chance by itself. */
const WHOLE = { single: 1, multi: 10 };

export function given(points: Points, name: string, step: number): Points {
  const count = Math.max(0, Math.min(MOST, (points[name] ?? 0) + step));
  return { ...points, [name]: Math.round(count * 1000) / 1000 };
}

/** Points to begin with where labels were chosen before. */
export function pointsFor(labels: string[], task: "single" | "multi"): Points {
  return Object.fromEntries(labels.map((name) => [name, WHOLE[task]]));
}

export function isGiven(points: Points): boolean {
  return Object.values(points).some((count) => count > 0);
}

const round = (share: number): number => Math.round(share * 10_000) / 10_000;

/** Points as shares. One class: they sum to one. Several classes: each is a chance by itself, in tenths. */
export function sharesOf(points: Points, task: Task): Shares | null {
  const held = Object.entries(points).filter(([, count]) => count > 0);
  if (held.length === 0) return null;
  if (task === "multi") return Object.fromEntries(held.map(([name, count]) => [name, Math.min(1, round(count / 10))]));
  const all = held.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(held.map(([name, count]) => [name, round(count / all)]));
}

/** Whether shares leave nothing open: they then say no more than the plain label of their classes. */
export function isPlain(shares: Shares, task: Task): boolean {
  const all = Object.values(shares);
  return task === "multi" ? all.every((share) => share === 1) : all.length === 1;
}

/** Points that stand for shares given before, in tenths; parts of a point are kept. */
export function pointsOf(shares: Shares): Points {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, Math.round(share * 10_000) / 1000]));
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
