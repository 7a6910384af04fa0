/** What is held by a tab: nothing is shown twice, although the server may hand it out again. */

import { afterEach, expect, it, vi } from "vitest";
import { Queue } from "../src/desk/queue";

const handed = (query: string) => ({
  query,
  fence: 1,
  item: { id: `item of ${query}`, text: "t", image: null, fields: null },
  role: query.startsWith("v") ? "validation" : "queue",
  reason: "",
  score: null,
  until: 9e9,
  suggestion: null,
  previous: null,
  flag: false,
});

function server(...replies: string[][]): string[] {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", (_: string, init: { body: string }) => {
    bodies.push(init.body);
    const items = (replies.shift() ?? []).map(handed);
    return Promise.resolve(new Response(JSON.stringify({ items, left: 50, why: null }), { status: 200 }));
  });
  return bodies;
}

afterEach(() => vi.unstubAllGlobals());

it("does not show a hand-out again whose answer is on its way", async () => {
  const queue = new Queue(() => 0);
  server(["a", "b"], [], ["a", "c"]);
  await queue.fill(false, () => [], () => false);
  expect(queue.take()?.query).toBe("a"); // answered now; nobody tells the queue, and the post is still on its way
  await queue.fill(false, () => [], () => false);
  expect(queue.all().map((held) => held.query)).toEqual(["b", "c"]);
});

it("names the tab and what it knows of", async () => {
  const queue = new Queue(() => 0);
  queue.tab = "t1";
  const bodies = server(["a"], [], ["b"]);
  await queue.fill(false, () => ["now"], () => false);
  await queue.fill(false, () => [], () => false);
  const sent = bodies.map((body) => JSON.parse(body) as { tab: string; have: string[] });
  expect(sent.every((one) => one.tab === "t1")).toBe(true);
  expect(sent[0]?.have).toEqual(["now"]);
  expect(sent.at(-1)?.have).toContain("a");
});

it("puts the first model's choices behind the next item, then what measures, then what was drawn at random", async () => {
  const queue = new Queue(() => 4);
  queue.left = 50;
  server(["r1", "v1", "r2", "r3", "r4", "r5", "v2", "r6"], ["m1", "m2", "m3"]);
  await queue.fill(false, () => [], () => false);
  expect(queue.take()?.query).toBe("r1"); // on the screen
  queue.warm();
  await queue.fill(true, () => [], () => false);
  expect(queue.all().map((held) => held.query)).toEqual(["v1", "m1", "m2", "m3", "v2", "r2", "r3", "r4", "r5", "r6"]);
});

it("keeps everything when the server is away as the first model comes", async () => {
  const queue = new Queue(() => 4);
  queue.left = 50;
  server(["r1", "v1", "r2"], []);
  await queue.fill(false, () => [], () => false);
  queue.warm();
  expect(queue.size).toBe(3);
  expect([queue.take(), queue.take(), queue.take()].map((held) => held?.query)).toEqual(["r1", "v1", "r2"]);
});

it("holds few model-chosen items though the model came while it asked", async () => {
  const queue = new Queue(() => 20);
  queue.left = 50;
  let open = (): void => undefined;
  const gate = new Promise<void>((go) => { open = go; });
  const counts: number[] = [];
  const replies = [["r1"], ["m1", "m2", "m3"], []];
  vi.stubGlobal("fetch", async (_: string, init: { body: string }) => {
    counts.push((JSON.parse(init.body) as { count: number }).count);
    const items = (replies.shift() ?? []).map(handed);
    if (counts.length === 1) await gate;
    return new Response(JSON.stringify({ items, left: 9, why: null }), { status: 200 });
  });
  const filling = queue.fill(false, () => [], () => false);
  queue.warm();
  open();
  await filling;
  expect(counts[1]).toBe(3);
});

it("lets an item go that is on the desk by other ways", async () => {
  const queue = new Queue(() => 0);
  server(["a", "b"], []);
  await queue.fill(false, () => [], () => false);
  queue.without("item of a");
  expect(queue.all().map((held) => held.query)).toEqual(["b"]);
});
