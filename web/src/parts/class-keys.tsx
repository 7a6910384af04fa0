/** Keys in the settings: a press is waited for and becomes the key, of an action or of a class. */

import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { bindable, keymap, nameOf, printed } from "../logic/keymap";
import { counted } from "../logic/numbers";
import type { Project, Settings } from "../types";

/** Wait for one press and hand its name over; Escape and what no key can be end it. */
export function useKey(take: (of: string, name: string) => void): [string | null, (of: string | null) => void] {
  const [waits, setWaits] = useState<string | null>(null);
  useLayoutEffect(() => {
    if (waits === null) return;
    const press = (event: KeyboardEvent): void => {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key) || event.isComposing) return;
      setWaits(null);
      if (!bindable(nameOf(event))) return;
      event.preventDefault();
      if (event.key !== "Escape") take(waits, nameOf(event));
    };
    document.addEventListener("keydown", press, true);
    return () => document.removeEventListener("keydown", press, true);
  }, [waits, take]);
  return [waits, setWaits];
}

/** The classes, each with its key and a way to give it another. */
export function ClassKeys(props: { project: Project; save: (part: Partial<Settings>) => void }): JSX.Element | null {
  const { project, save } = props;
  const { profile, keys, class_keys } = project.settings;
  const { shown } = useMemo(() => keymap(profile, keys, project.task, project.classes), [project]);
  const [waits, wait] = useKey((name, key) => save({ class_keys: { ...class_keys, [name]: key } }));
  const giveBack = (name: string): void => {
    const { [name]: _, ...others } = class_keys;
    save({ class_keys: others });
  };
  if (project.classes.length === 0) return null;
  return (
    <div class="class-keys">
      <table class="key-table">
        <caption class="unseen">Classes and their keys</caption>
        <thead class="unseen">
          <tr><th scope="col">Class</th><th scope="col">Key</th><th scope="col">Change</th></tr>
        </thead>
        <tbody>
          {project.classes.map((one, index) => (
            <tr key={one.name}>
              <th scope="row">{one.name} <span class="dim">{counted(one.count, "label")}</span></th>
              <td>{shown[index] ? <kbd>{printed(shown[index] ?? "")}</kbd> : <span class="dim">none</span>}</td>
              <td>
                {one.key && (
                  <button type="button" aria-label={`Default key: ${one.name}`} onClick={() => giveBack(one.name)}>Default</button>
                )}{" "}
                <button type="button" aria-label={`Change the key: ${one.name}`} onClick={() => wait(one.name)}>
                  {waits === one.name ? "press a key …" : "Change"}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
