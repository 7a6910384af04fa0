/** What is held by a tab: nothing is shown twice, although the server may hand it out again. */

import { afterEach, expect, it, vi } from "vitest";
import { Queue } from "../src/desk/queue";

const handed = (query: string) => ({
  query,
  fence: 1,
  item: { id: `item of ${query}`, text: "t", image: null, fields: null },
  role: "queue",
  reason: "",
  score: null,
  until: 9e9,
  suggestion: null,
  previous: null,
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
