/** The one-time link: the token stands behind #, is never sent in an address, and leaves the address bar at once. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api";
import { Frame, sentence } from "../parts/frame";
import { asFault } from "../parts/loaded";

export function Open(): JSX.Element {
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    const open = (): void => {
      const token = location.hash.slice(1);
      history.replaceState(null, "", "/open");
      setFault(token ? null : "This address has no token. Copy the whole link from the terminal, with what stands behind #.");
      if (!token) return;
      api.open(token).then(
        ({ user }) => {
          localStorage.setItem("querist.user", user);
          new BroadcastChannel("querist").postMessage({ session: true });
          location.replace("/");
        },
        (problem: unknown) => setFault(asFault(problem).message),
      );
    };
    open();
    // whoever is here already and enters a new link comes to the same page: only what stands behind # is another
    addEventListener("hashchange", open);
    return () => removeEventListener("hashchange", open);
  }, []);
  return (
    <Frame name="querist">
      <section class="card plain">
        {fault === null ? (
          <p class="loading">Opening …</p>
        ) : (
          <>
            <h1>The link does not open</h1>
            <p role="alert">{sentence(fault)}</p>
            <p>A link works once and for ten minutes. A new one is printed when the server starts; a browser that is logged in gives one in its settings.</p>
          </>
        )}
      </section>
    </Frame>
  );
}
