/** A soft label by keys: each press gives a class one point more; a share is its points over all points. */

import type { Shares, Task } from "../types";

export type Points = Record<string, number>;

export const MOST = 20;

export function given(points: Points, name: string, step: number): Points {
  const count = Math.max(0, Math.min(MOST, (points[name] ?? 0) + step));
  return { ...points, [name]: count };
}

/** Points as shares. One class: they sum to one. Several classes: each is a chance by itself, in tenths. */
export function sharesOf(points: Points, task: Task): Shares | null {
  const held = Object.entries(points).filter(([, count]) => count > 0);
  if (held.length === 0) return null;
  if (task === "multi") return Object.fromEntries(held.map(([name, count]) => [name, Math.min(1, count / 10)]));
  const all = held.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(held.map(([name, count]) => [name, Math.round((count / all) * 10_000) / 10_000]));
}

/** Points that stand for shares given before. */
export function pointsOf(shares: Shares): Points {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, Math.round(share * 10)]));
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
