/** Small hooks: a value that follows the desk, and the events of the server shared by all tabs. */

import { useEffect, useReducer, useRef } from "preact/hooks";
import type { Desk } from "../desk/desk";
import type { View } from "../desk/view";

export function useDesk(desk: Desk): View {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => desk.listen(() => again(undefined)), [desk]);
  return desk.view;
}

const KINDS = ["queue", "model", "project", "trainer", "panel"];

/** Server-sent events: one tab holds the stream and passes it on, so that many tabs do not use up the connections. */
export function useEvents(run: (kind: string) => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const channel = new BroadcastChannel("querist-events");
    const stop = new AbortController();
    let stream: EventSource | null = null;
    channel.onmessage = (event: MessageEvent<string>) => latest.current(event.data);
    const open = (): Promise<void> => {
      stream = new EventSource("/api/v1/events");
      for (const kind of KINDS) {
        stream.addEventListener(kind, () => {
          latest.current(kind);
          channel.postMessage(kind);
        });
      }
      return new Promise((leave) => stop.signal.addEventListener("abort", () => leave()));
    };
    if ("locks" in navigator) {
      navigator.locks.request("querist-events", { signal: stop.signal }, open).catch(() => undefined);
    } else void open();
    return () => {
      stop.abort();
      stream?.close();
      channel.close();
    };
  }, []);
}

/** Run at most once in a while, and once more at the end. */
export function useCalm(run: () => void, wait: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(run);
  latest.current = run;
  return () => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, wait);
  };
}
