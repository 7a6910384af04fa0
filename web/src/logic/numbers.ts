/** Numbers and ratings: which are few enough for buttons, and what a typed text means. */

export interface Scale {
  low: number;
  high: number;
  step: number;
}

/** The values of a short scale (at most eleven), else null: then a number is typed. */
export function buttonsOf(scale: Scale | null): number[] | null {
  if (!scale || !(scale.step > 0)) return null;
  const count = Math.floor((scale.high - scale.low) / scale.step + 1e-9) + 1;
  if (count < 2 || count > 11) return null;
  return Array.from({ length: count }, (_, k) => tidy(scale.low + k * scale.step));
}

/** A typed number, or why it is none. A comma counts as a point. */
export function read(text: string, scale: Scale | null): { value: number } | { fault: string } {
  const plain = text.trim().replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return { fault: `“${text.trim()}” is not a number.` };
  const value = Number(plain);
  if (!Number.isFinite(value)) return { fault: "The number is too large." };
  if (scale && (value < scale.low || value > scale.high)) {
    return { fault: `The number must lie between ${scale.low} and ${scale.high}.` };
  }
  return { value };
}

/** "1 row", "1,204 rows". */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
