import { IDBFactory } from "fake-indexeddb";
import { expect, test } from "vitest";
import { ApiFault } from "../src/api";
import { backOff, type Call, judged, type Lock, Outbox } from "../src/desk/outbox";
import { BrowserStore, type Entry, MemoryStore, type Store } from "../src/desk/store";
import type { Handed, Item } from "../src/types";

const item = (id: string): Item => ({ id, text: id, image: null, width: null, height: null, fields: null });
const handed = (id: string, query: string, fence: number): Handed => ({
  query, fence, item: item(id), role: "queue", reason: null, score: null, until: 0, suggestion: null, previous: null, flag: false,
});

function locks(): Lock {
  let chain: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = chain.then(run);
    chain = next.catch(() => undefined);
    return next;
  };
}

const answer = (key: string, id = key, from: string | null = null) => ({
  key, tab: "t", op: "answer" as const, item: item(id), handed: handed(id, `q-${id}`, 1), from,
  lease: from ? null : { query: `q-${id}`, fence: 1 },
  body: { kind: "label" as const, value: "cat", rationale: null, note: null, seconds: 1, shown: false },
});

const undo = (key: string, id: string, from: string, query: string | null = null) => ({
  key, tab: "t", op: "undo" as const, item: item(id), handed: null, from, body: null,
  lease: query ? { query, fence: 1 } : null,
});

/** A server that keeps answers once for a key; `faults` are thrown in turn, before or after it has kept the answer. */
class Server {
  kept = new Map<string, Record<string, unknown>>();
  calls: string[] = [];
  faults: (ApiFault | null)[] = [];
  after = false;
  /** queries whose answers stand, each with its item */
  standing = new Map<string, string>();
  /** a late answer stands under another query than it came with */
  renamed = false;

  call: Call = (method, path, body) => {
    const fault = this.faults.shift() ?? null;
    const sent = (body ?? {}) as Record<string, unknown>;
    this.calls.push(`${method} ${path} ${String(sent["key"] ?? "")}`);
    if (fault && !this.after) return Promise.reject(fault);
    if (path === "/answers") {
      const before = this.kept.get(String(sent["key"]));
      if (before && JSON.stringify(before) !== JSON.stringify(sent)) throw new Error("another body under one key");
      this.kept.set(String(sent["key"]), sent);
      const query = this.renamed ? `${String(sent["query"])}-again` : String(sent["query"]);
      this.standing.set(query, String(sent["item"]));
      if (!fault) return Promise.resolve({ counted: true, seq: 1, labelled: this.kept.size, query });
    }
    if (fault) return Promise.reject(fault);
    if (path === "/undo") {
      const query = String(sent["query"]);
      const found = this.standing.get(query);
      if (found === undefined) return Promise.reject(new ApiFault(409, "NothingToUndo", "it does not stand"));
      this.standing.delete(query);
      return Promise.resolve({ handed: handed(found, "q-undo", 7) });
    }
    if (path.endsWith("/take")) return Promise.resolve(handed(path.split("/")[2] ?? "", "q-take", 9));
    return Promise.resolve(undefined);
  };
}

const offline = new ApiFault(0, "Offline", "no answer");
const stores: [string, () => Promise<Store>][] = [
  ["browser", () => BrowserStore.open(new IDBFactory())],
  ["memory", () => Promise.resolve(new MemoryStore())],
];

test.each(stores)("in order, once each, saved only after the answer: %s", async (_, open) => {
  const server = new Server();
  const seen: [string, string][] = [];
  const outbox = new Outbox(await open(), server.call, locks(), "me@p", (entry) => seen.push([entry.key, entry.state]));
  for (const key of ["a", "b", "c"]) await outbox.add(answer(key));
  expect((await outbox.all()).map((entry) => entry.state)).toEqual(["waiting", "waiting", "waiting"]);
  expect(await outbox.drain()).toEqual({ link: "up", why: null });
  expect([...server.kept.keys()]).toEqual(["a", "b", "c"]);
  expect(seen).toEqual([["a", "saved"], ["b", "saved"], ["c", "saved"]]);
  expect((await outbox.all()).map((entry) => entry.state)).toEqual(["saved", "saved", "saved"]);
});

test("twenty kept while offline are sent exactly once, also by two tabs at a time", async () => {
  const factory = new IDBFactory();
  const server = new Server();
  const lock = locks();
  const one = new Outbox(await BrowserStore.open(factory), server.call, lock, "me@p");
  server.faults = Array.from({ length: 20 }, () => offline);
  for (let k = 0; k < 20; k += 1) {
    await one.add(answer(`k${k}`));
    expect((await one.drain()).link).toBe("offline");
  }
  expect(server.kept.size).toBe(0);
  // a reload: another object on the same base, and the old tab still there
  const two = new Outbox(await BrowserStore.open(factory), server.call, lock, "me@p");
  server.calls = [];
  await Promise.all([one.drain(), two.drain(), one.drain()]);
  expect(server.calls).toHaveLength(20);
  expect([...server.kept.keys()]).toEqual(Array.from({ length: 20 }, (_, k) => `k${k}`));
});

test("a lost reply is asked for again under the same key with the same body", async () => {
  const server = new Server();
  server.after = true;
  server.faults = [new ApiFault(502, "", "gateway")];
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a"));
  expect(await outbox.drain()).toEqual({ link: "server", why: "gateway" });
  expect((await outbox.drain()).link).toBe("up");
  expect(server.calls).toEqual(["POST /answers a", "POST /answers a"]);
  expect(server.kept.size).toBe(1);
});

test("what is refused is kept and said, and the next one goes on", async () => {
  const server = new Server();
  server.faults = [new ApiFault(409, "NotLeased", "not handed out to you")];
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a"));
  await outbox.add(answer("b"));
  expect((await outbox.drain()).link).toBe("up");
  const [a, b] = await outbox.all();
  expect([a?.state, a?.why, b?.state]).toEqual(["refused", "not handed out to you", "saved"]);
});

test("a late answer is kept, not counted", async () => {
  const outbox = new Outbox(new MemoryStore(), () => Promise.resolve({ counted: false, why: "too late" }), locks(), "s");
  await outbox.add(answer("a"));
  await outbox.drain();
  expect((await outbox.all())[0]).toMatchObject({ state: "late", why: "too late" });
});

test("only what was never sent can be taken back", async () => {
  const server = new Server();
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a"));
  expect(await outbox.withdraw("a")).toBe(true);
  expect(await outbox.all()).toEqual([]);
  await outbox.add(answer("b"));
  server.faults = [offline];
  await outbox.drain();
  expect(await outbox.withdraw("b")).toBe(false);
});

test("undone while offline: the answer, its undo, and the new answer under the new lease", async () => {
  const server = new Server();
  server.faults = [offline];
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a", "x"));
  await outbox.drain();
  await outbox.mark("a", { state: "undone", why: "unsent" });
  await outbox.add(undo("u", "x", "a"));
  await outbox.add(answer("b", "x", "u"));
  expect((await outbox.drain()).link).toBe("up");
  expect(server.calls.slice(1)).toEqual(["POST /answers a", "POST /undo u", "POST /answers b"]);
  expect(server.kept.get("b")).toMatchObject({ query: "q-undo", fence: 7, item: "x" });
  expect((await outbox.all()).map((entry: Entry) => [entry.key, entry.state])).toEqual([
    ["a", "undone"], ["u", "saved"], ["b", "saved"],
  ]);
});

test("an undo takes back the answer that it names, though another came after", async () => {
  const server = new Server();
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a", "x"));
  await outbox.add(answer("b", "y"));
  await outbox.drain();
  await outbox.mark("a", { state: "undone" });
  await outbox.add(undo("u", "x", "a"));
  await outbox.drain();
  expect([...server.standing.values()]).toEqual(["y"]);
  expect((await outbox.all()).at(-1)).toMatchObject({ state: "saved", reply: { query: "q-undo", item: { id: "x" } } });
});

test.each(["reply", "lost reply"])("a late answer is undone under the query that it stands under: %s", async (way) => {
  const server = new Server();
  server.renamed = true;
  server.after = true;
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(answer("a", "x"));
  if (way === "lost reply") server.faults = [new ApiFault(502, "", "gateway")];
  await outbox.drain();
  await outbox.mark("a", { state: "undone", why: way === "reply" ? null : "unsent" });
  await outbox.add(undo("u", "x", "a", "q-x"));
  await outbox.drain();
  expect(server.standing.size).toBe(0);
  expect((await outbox.all()).map((entry) => entry.state)).toEqual(["undone", "saved"]);
});

test("where the answer does not stand any more, the item itself is asked for", async () => {
  const server = new Server();
  const outbox = new Outbox(new MemoryStore(), server.call, locks(), "me@p");
  await outbox.add(undo("u", "x", "gone", "q-x"));
  await outbox.add(answer("b", "x", "u"));
  await outbox.drain();
  expect(server.calls).toEqual(["POST /undo u", "POST /items/x/take ", "POST /answers b"]);
  expect(server.kept.get("b")).toMatchObject({ query: "q-take", fence: 9 });
});

test("entries of another project or person stay where they are", async () => {
  const store = new MemoryStore();
  const server = new Server();
  await new Outbox(store, server.call, locks(), "ann@p").add(answer("a"));
  const mine = new Outbox(store, server.call, locks(), "bob@p");
  await mine.drain();
  expect(server.calls).toEqual([]);
  expect((await store.all("ann@p")).map((entry) => entry.state)).toEqual(["waiting"]);
});

test("judged faults and waits", () => {
  const of = (status: number) => judged(new ApiFault(status, "", ""));
  expect([0, 401, 403, 408, 429, 500, 507].map(of)).toEqual(["offline", "session", "session", "server", "server", "server", "server"]);
  expect([400, 404, 409, 413, 422].map(of)).toEqual(Array.from({ length: 5 }, () => "refused"));
  expect([0, 1, 2, 9].map((tries) => backOff(tries, 0))).toEqual([1000, 2000, 4000, 30000]);
  expect(backOff(0, 1)).toBe(1250);
});
