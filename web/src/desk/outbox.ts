/** The outbox: what a person did is kept first, then sent in order, each thing exactly once.
 *
 * An entry is sent under its own key until the server has answered. Nothing is dropped on a fault that may pass
 * (no network, 5xx, a session that ended); what the server refuses for good is kept and shown. One tab sends at a time.
 */

import { ApiFault } from "../api";
import type { AnswerReply, Handed } from "../types";
import type { Entry, Lease, Store } from "./store";

export type Link = "up" | "offline" | "session" | "server";
export type Call = (method: string, path: string, body?: unknown) => Promise<unknown>;
export type Lock = <T>(run: () => Promise<T>) => Promise<T>;

export interface Drained {
  link: Link;
  why: string | null;
}

/** Finished entries that are kept for the history. */
const KEPT = 60;

/** What a fault means for an entry: wait and try again, or refused for good. */
export function judged(fault: ApiFault): Exclude<Link, "up"> | "refused" {
  if (fault.status === 0) return "offline";
  if (fault.status === 401 || fault.status === 403) return "session";
  if (fault.status === 408 || fault.status === 425 || fault.status === 429 || fault.status >= 500) return "server";
  return "refused";
}

/** Milliseconds until try number n: 1, 2, 4 ... 30 s, each with up to a quarter more by chance. */
export function backOff(tries: number, chance = Math.random()): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(tries, 5)) * (1 + chance / 4);
}

export class Outbox {
  constructor(
    private readonly store: Store,
    private readonly call: Call,
    private readonly lock: Lock,
    readonly scope: string,
    private readonly told: (entry: Entry, reply: AnswerReply | null) => void = () => undefined,
  ) {}

  get lasting(): boolean {
    return this.store.lasting;
  }

  async add(entry: Omit<Entry, "scope" | "tries" | "state" | "why" | "reply" | "at">): Promise<void> {
    const full = { scope: this.scope, tries: 0, state: "waiting", why: null, reply: null, at: Date.now() } as const;
    await this.store.add({ ...entry, ...full });
  }

  all(): Promise<Entry[]> {
    return this.store.all(this.scope);
  }

  /** Take an entry back that was never sent; false when it may have reached the server. */
  async withdraw(key: string): Promise<boolean> {
    let taken = false;
    await this.store.change(key, (entry) => {
      taken = entry.tries === 0 && entry.state === "waiting";
      return taken ? null : undefined;
    });
    return taken;
  }

  async mark(key: string, part: Partial<Entry>): Promise<Entry | null> {
    return this.store.change(key, (entry) => ({ ...entry, ...part }));
  }

  forget(keys: string[]): Promise<void> {
    return this.store.drop(keys);
  }

  /** Send all that waits, in order, until it is empty or the way is closed. */
  drain(): Promise<Drained> {
    return this.lock(async () => {
      for (;;) {
        const next = (await this.all()).find((entry) => entry.state === "waiting" || this.undoneUnsent(entry));
        if (!next) break;
        const outcome = await this.send(next);
        if (outcome.link !== "up") return outcome;
      }
      await this.trim();
      return { link: "up", why: null };
    });
  }

  /** An answer that was tried, then undone: it must reach the server before its undo does, in any case. */
  private undoneUnsent(entry: Entry): boolean {
    return entry.state === "undone" && entry.op === "answer" && entry.why === "unsent";
  }

  private async send(entry: Entry): Promise<Drained> {
    // counted before the first byte leaves, so that `withdraw` is never wrong
    let live: Entry | null = null;
    await this.store.change(entry.key, (held) => {
      live = { ...held, tries: held.tries + 1 };
      return live;
    });
    if (!live) return { link: "up", why: null };
    try {
      await this.deliver(live);
      return { link: "up", why: null };
    } catch (fault) {
      if (!(fault instanceof ApiFault)) throw fault;
      const verdict = judged(fault);
      if (verdict !== "refused") return { link: verdict, why: fault.message };
      await this.settle(live, { state: "refused", why: fault.message }, null);
      return { link: "up", why: null };
    }
  }

  private async settle(entry: Entry, part: Partial<Entry>, reply: AnswerReply | null): Promise<void> {
    const next = await this.store.change(entry.key, (held) =>
      held.state === "undone" ? { ...held, ...part, state: "undone", why: null } : { ...held, ...part },
    );
    if (next) this.told(next, reply);
  }

  private async deliver(entry: Entry): Promise<void> {
    if (entry.op === "answer") return this.answer(entry);
    const item = entry.item?.id ?? "";
    if (entry.op === "flag") {
      await this.call("POST", `/items/${encodeURIComponent(item)}/flag`, entry.body);
      return this.settle(entry, { state: "saved" }, null);
    }
    // what cannot be taken back, or need not be, is asked for again
    const handed =
      (entry.op === "undo" ? await this.takeBack(entry) : null) ??
      ((await this.call("POST", `/items/${encodeURIComponent(item)}/take`, { tab: entry.tab })) as Handed);
    return this.settle(entry, { state: "saved", reply: handed }, null);
  }

  /** The very answer is named, for another tab may have answered since; null where it does not stand. */
  private async takeBack(entry: Entry): Promise<Handed | null> {
    const answered = (await this.all()).find((one) => one.key === entry.from)?.lease ?? entry.lease;
    if (!answered) return null;
    await this.mark(entry.key, { lease: answered });
    const body = { key: entry.key, tab: entry.tab, query: answered.query };
    try {
      return ((await this.call("POST", "/undo", body)) as { handed: Handed }).handed;
    } catch (fault) {
      if (!(fault instanceof ApiFault) || judged(fault) !== "refused") throw fault;
      return null;
    }
  }

  private async answer(entry: Entry): Promise<void> {
    const lease = entry.lease ?? (await this.leaseFrom(entry));
    const reply = (await this.call("POST", "/answers", {
      key: entry.key,
      query: lease.query,
      fence: lease.fence,
      item: entry.item?.id,
      ...entry.body,
    })) as AnswerReply;
    const part: Partial<Entry> = reply.counted
      ? { state: "saved", why: null, lease: { ...lease, query: reply.query ?? lease.query } }
      : { state: "late", why: reply.why ?? "It came too late." };
    await this.settle(entry, part, reply);
  }

  /** The lease that an undo or take has brought; kept before it is used, so that every try has the same body. */
  private async leaseFrom(entry: Entry): Promise<Lease> {
    const source = (await this.all()).find((one) => one.key === entry.from);
    let handed = source?.reply ?? null;
    if (!handed) {
      const item = encodeURIComponent(entry.item?.id ?? "");
      handed = (await this.call("POST", `/items/${item}/take`, { tab: entry.tab })) as Handed;
    }
    const lease = { query: handed.query, fence: handed.fence };
    await this.mark(entry.key, { lease });
    return lease;
  }

  private async trim(): Promise<void> {
    const over = (await this.all()).filter((entry) => entry.state === "saved" || entry.state === "undone");
    if (over.length > KEPT * 2) await this.store.drop(over.slice(0, over.length - KEPT).map((entry) => entry.key));
  }
}

/** Web Locks where the browser has them: one tab at a time. */
export const tabLock: Lock = (run) =>
  "locks" in navigator
    ? (navigator.locks.request("querist-outbox", run) as ReturnType<typeof run>)
    : run();
