/** Answers kept in this browser follow their classes to the names that they have now. Pure. */

import type { Rename, Shares, Span, Value } from "../types";

/** An answer's value with the classes as they are called now; where two became one, they are one. */
export function renamed<T extends Value>(value: T, renames: Rename[]): T {
  return renames.reduce<Value>(once, value) as T;
}

function once(value: Value, [old, now]: Rename): Value {
  const name = (one: string): string => (one === old ? now : one);
  if (typeof value === "string") return name(value);
  if (Array.isArray(value)) {
    if (value.some(Array.isArray)) return (value as Span[]).map(([start, end, label]): Span => [start, end, name(label)]);
    return [...new Set((value as string[]).map(name))];
  }
  if (value === null || typeof value !== "object") return value;
  const shares: Shares = {};
  for (const [one, share] of Object.entries(value)) shares[name(one)] = (shares[name(one)] ?? 0) + share;
  return shares;
}
