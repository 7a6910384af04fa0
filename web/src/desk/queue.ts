/** Items held by this tab: the next ones, fresh from the model, and a reserve for work while the server is away.
 *
 * Before there is a model all are used in the order they came. With the first model what is held behind the next item
 * moves to the reserve, and only a few fresh ones are kept ahead, so that what a person answers is what the newest model
 * asks. Items that measure the model are chosen by none: they stay, behind the first fresh ones.
 */

import { ApiFault, call } from "../api";
import type { Handed, NextReply } from "../types";

export const FRESH = 4;
const FEW = 2;
/** So many of the last hand-outs are named to the server as known. */
const MEMORY = 100;

export interface Held extends Handed {
  /** address of the picture in memory, so that it shows while offline */
  picture?: string;
  /** key of the undo or take that brings the lease */
  from?: string;
}

export class Queue {
  ahead: Held[] = [];
  reserve: Held[] = [];
  /** drawn to measure with, until fresh ones are ahead of them */
  private aside: Held[] = [];
  left = 0;
  why: NextReply["why"] = null;
  /** Name of the tab, which holds what it is handed. */
  tab = "";
  private warmed = false;
  private asking: Promise<boolean> | null = null;
  /** Every hand-out that ever came here: one whose answer is on its way is not shown a second time. */
  private readonly seen = new Set<string>();

  constructor(private readonly atMost: () => number) {}

  get size(): number {
    return this.all().length;
  }

  all(): Held[] {
    return [...this.ahead, ...this.aside, ...this.reserve];
  }

  take(): Held | null {
    return this.ahead.shift() ?? this.aside.shift() ?? this.reserve.shift() ?? null;
  }

  putBack(held: Held): void {
    this.ahead.unshift(held);
  }

  /** The first model is there: what was held before it, but for the next item, becomes the reserve. */
  warm(): void {
    this.warmed = true;
    for (const held of this.ahead.splice(1)) (held.role === "queue" ? this.reserve : this.aside).push(held);
  }

  /** How many to ask for, and for which place. */
  wanted(warm: boolean): { count: number; place: "ahead" | "reserve" } | null {
    const most = this.atMost();
    const fair = Math.min(most, Math.floor(this.left / 10));
    if (!warm) {
      const goal = FRESH + (this.left > 0 ? Math.min(most, Math.floor(this.left / 5)) : 0);
      return this.ahead.length < goal ? { count: Math.min(20, goal - this.ahead.length), place: "ahead" } : null;
    }
    if (this.ahead.length <= FEW) return { count: FRESH - this.ahead.length, place: "ahead" };
    if (this.reserve.length < fair) return { count: Math.min(20, fair - this.reserve.length), place: "reserve" };
    return null;
  }

  /** Ask until enough is held; true when something came. Faults of the way are thrown as `ApiFault`. */
  fill(warm: boolean, busy: () => string[], taken: (item: string) => boolean): Promise<boolean> {
    this.asking ??= this.ask(warm, busy, taken).finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async ask(warm: boolean, busy: () => string[], taken: (item: string) => boolean): Promise<boolean> {
    let came = false;
    for (let round = 0; round < 4; round += 1) {
      const want = this.wanted(warm || this.warmed); // the model may come while this asks
      if (!want) break;
      const have = [...new Set([...this.all().map((held) => held.query), ...busy(), ...[...this.seen].slice(-MEMORY)])];
      const reply = await call<NextReply>("POST", "/next", { count: want.count, have, tab: this.tab });
      this.left = reply.left;
      this.why = reply.why;
      const known = (held: Held): boolean => have.includes(held.query) || this.seen.has(held.query);
      const fresh = reply.items.filter((held) => !known(held) && !taken(held.item.id));
      for (const held of fresh) this.seen.add(held.query);
      for (const held of fresh) {
        const urgent = want.place === "ahead" || held.role !== "queue";
        (urgent ? this.ahead : this.reserve).push(held);
      }
      if (want.place === "ahead") this.ahead.push(...this.aside.splice(0));
      came ||= fresh.length > 0;
      await Promise.all(fresh.map(preload));
      if (fresh.length === 0) break;
    }
    return came;
  }

  /** Tell the server that these are still wanted; what it no longer holds for us is dropped. */
  async renew(more: string[]): Promise<void> {
    const queries = [...this.all().map((held) => held.query), ...more];
    if (queries.length === 0) return;
    const reply = await call<{ lost?: string[]; until?: number } | undefined>("POST", "/renew", { queries });
    const lost = new Set(reply?.lost ?? []);
    const until = reply?.until;
    const keep = (held: Held): boolean => !lost.has(held.query);
    this.keep(keep);
    if (typeof until === "number") for (const held of this.all()) held.until = until;
  }

  private keep(good: (held: Held) => boolean): void {
    this.ahead = this.ahead.filter(good);
    this.aside = this.aside.filter(good);
    this.reserve = this.reserve.filter(good);
  }

  /** An item that is on the desk already does not come a second time. */
  without(item: string): void {
    this.keep((held) => held.item.id !== item);
  }

  /** What has run out while the computer slept is not shown any more. */
  dropExpired(now = Date.now() / 1000): void {
    const keep = (held: Held): boolean => Boolean(held.from) || held.until > now;
    this.keep(keep);
  }
}

/** Bring a picture into memory. A picture that does not come is asked for again when it is shown. */
export async function preload(held: Held): Promise<void> {
  if (!held.item.image || held.picture) return;
  try {
    const reply = await fetch(held.item.image, { credentials: "same-origin", signal: AbortSignal.timeout(15_000) });
    if (reply.ok) held.picture = URL.createObjectURL(await reply.blob());
  } catch {
    // shown by its address instead
  }
}

export function isFault(fault: unknown): fault is ApiFault {
  return fault instanceof ApiFault;
}
