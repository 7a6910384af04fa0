/** The panel is drawn by the server (pages/panel.html). While it is open it follows the model: the page is asked for again. */

import morphdom from "morphdom";
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { page } from "../api";
import { ended, Fault } from "../parts/frame";
import { useLoaded } from "../parts/loaded";
import { useCalm, useEvents } from "../parts/use";

const SHOWN = "#main > .panel";

/** What a person opened stays open: the server does not know of it. */
function keepOpen(old: Element, wanted: Element): boolean {
  if (old instanceof HTMLDetailsElement && wanted instanceof HTMLDetailsElement) wanted.open = old.open;
  return true;
}

/** What stands above the figures when they could not be asked for; nothing while all is well. */
export function LivePanel(): JSX.Element | null {
  const fresh = useLoaded(() => page("/panel"));
  const calm = useCalm(fresh.again, 2_000);
  useEvents((kind) => {
    if (kind === "panel" || kind === "model" || kind === "project") calm();
  });
  useLayoutEffect(() => {
    const [old, wanted] = [document, fresh.thing].map((whole) => whole?.querySelector(SHOWN));
    if (old && wanted) morphdom(old, wanted, { onBeforeElUpdated: keepOpen });
  }, [fresh.thing]);
  const { fault } = fresh;
  if (!fault) return null;
  return fault.status === 401 ? ended() : <Fault text={fault.message} again={fresh.again} />;
}
