/** Where entries of the outbox are kept: IndexedDB, or memory where the browser gives none (then the page says so). */

import type { Handed, Item, Kind, Rationale, Value } from "../types";

export interface AnswerBody {
  kind: Kind;
  value: Value;
  rationale: Rationale | null;
  note: string | null;
  seconds: number;
  shown: boolean;
  /** below 1 for an answer that is doubted */
  weight?: number | null;
}

export interface Lease {
  query: string;
  fence: number;
}

export type Op = "answer" | "undo" | "take" | "flag";
export type State = "waiting" | "saved" | "late" | "refused" | "undone";

export interface Entry {
  seq?: number;
  key: string;
  /** user and id of the project: what one left behind is never sent as another's or to another project */
  scope: string;
  tab: string;
  op: Op;
  item: Item | null;
  /** what the item was handed out with; kept so that it can be shown again */
  handed: Handed | null;
  lease: Lease | null;
  /** of an answer: key of the undo or take whose reply brings the lease; of an undo: key of the answer that it takes back */
  from: string | null;
  body: AnswerBody | { flag: boolean; note: string | null } | null;
  at: number;
  tries: number;
  state: State;
  why: string | null;
  reply: Handed | null;
  /** renames of classes that the page knew when it was given: it says the names of then */
  renames?: number;
}

export interface Store {
  readonly lasting: boolean;
  add(entry: Entry): Promise<number>;
  all(scope: string): Promise<Entry[]>;
  /** Read and write one entry in one transaction; null from `change` deletes it. */
  change(key: string, change: (entry: Entry) => Entry | null | undefined): Promise<Entry | null>;
  drop(keys: string[]): Promise<void>;
}

const NAME = "querist";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB gave up"));
    transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB failed"));
  });
}

export class BrowserStore implements Store {
  readonly lasting = true;

  private constructor(private readonly base: IDBDatabase) {}

  static async open(factory: IDBFactory, name = NAME): Promise<BrowserStore> {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      const table = request.result.createObjectStore("entries", { keyPath: "seq", autoIncrement: true });
      table.createIndex("key", "key", { unique: true });
      table.createIndex("scope", "scope");
    };
    const base = await done(request);
    base.onversionchange = () => base.close();
    return new BrowserStore(base);
  }

  /** A new answer is flushed to disk; what happens to it later may be lost by a power cut, and is then found out again. */
  async add(entry: Entry): Promise<number> {
    const transaction = this.base.transaction("entries", "readwrite", { durability: "strict" });
    const seq = await done(transaction.objectStore("entries").add(entry));
    await finished(transaction);
    return Number(seq);
  }

  async all(scope: string): Promise<Entry[]> {
    const table = this.base.transaction("entries", "readonly").objectStore("entries");
    const found = (await done(table.index("scope").getAll(scope))) as Entry[];
    return found.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  }

  async change(key: string, change: (entry: Entry) => Entry | null | undefined): Promise<Entry | null> {
    const transaction = this.base.transaction("entries", "readwrite", { durability: "relaxed" });
    const table = transaction.objectStore("entries");
    const entry = (await done(table.index("key").get(key))) as Entry | undefined;
    const next = entry ? change(entry) : undefined;
    if (entry && next === null) table.delete(entry.seq ?? -1);
    if (next) table.put(next);
    await finished(transaction);
    return next ?? null;
  }

  async drop(keys: string[]): Promise<void> {
    for (const key of keys) await this.change(key, () => null);
  }
}

export class MemoryStore implements Store {
  readonly lasting = false;
  private entries: Entry[] = [];
  private last = 0;

  add(entry: Entry): Promise<number> {
    this.last += 1;
    this.entries.push({ ...structuredClone(entry), seq: this.last });
    return Promise.resolve(this.last);
  }

  all(scope: string): Promise<Entry[]> {
    return Promise.resolve(structuredClone(this.entries.filter((entry) => entry.scope === scope)));
  }

  change(key: string, change: (entry: Entry) => Entry | null | undefined): Promise<Entry | null> {
    const index = this.entries.findIndex((entry) => entry.key === key);
    const entry = this.entries[index];
    const next = entry ? change(structuredClone(entry)) : undefined;
    if (entry && next === null) this.entries.splice(index, 1);
    if (next) this.entries[index] = next;
    return Promise.resolve(next ?? null);
  }

  async drop(keys: string[]): Promise<void> {
    for (const key of keys) await this.change(key, () => null);
  }
}

export async function openStore(): Promise<Store> {
  try {
    return await BrowserStore.open(indexedDB);
  } catch {
    return new MemoryStore();
  }
}
