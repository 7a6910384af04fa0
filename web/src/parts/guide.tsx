/** The guideline and the keys, each in a dialog. The guideline is drawn as text nodes only. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ACTIONS, type Action, choices, type Keymap, keyOf, printed } from "../logic/keymap";
import { type Block, blocks, type Inline } from "../logic/markdown";
import type { Project } from "../types";

function Inlines(props: { parts: Inline[] }): JSX.Element {
  return (
    <>
      {props.parts.map((part, index) => {
        if (part.kind === "bold") return <strong key={index}>{part.text}</strong>;
        if (part.kind === "slant") return <em key={index}>{part.text}</em>;
        if (part.kind === "code") return <code key={index}>{part.text}</code>;
        return part.text;
      })}
    </>
  );
}

function drawn(block: Block, index: number): JSX.Element {
  if (block.kind === "paragraph") {
    return (
      <p key={index}>
        <Inlines parts={block.parts} />
      </p>
    );
  }
  if (block.kind === "heading") {
    const Tag = block.level === 3 ? "h3" : "h4";
    return (
      <Tag key={index}>
        <Inlines parts={block.parts} />
      </Tag>
    );
  }
  const items = block.items.map((parts, place) => (
    <li key={place}>
      <Inlines parts={parts} />
    </li>
  ));
  return block.ordered ? <ol key={index}>{items}</ol> : <ul key={index}>{items}</ul>;
}

export function Guideline(props: { text: string }): JSX.Element {
  return <div class="guideline">{blocks(props.text).map(drawn)}</div>;
}

export function Dialog(props: {
  title: string;
  close: () => void;
  press?: (event: KeyboardEvent) => void;
  children: ComponentChildren;
}): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={box} aria-label={props.title} onClose={props.close} onKeyDown={props.press} onClick={(event) => {
      if (event.target === box.current) props.close();
    }}>
      <div class="dialog-body">
        <div class="dialog-head">
          <h2>{props.title}</h2>
          <button type="button" class="quiet" onClick={props.close}>
            Close
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}

/** How a label without a key of its own is chosen. */
function ByName(props: { map: Keymap }): JSX.Element {
  const key = keyOf("find", props.map, "single");
  return key ? <><kbd>{printed(key)}</kbd> and its name</> : <>by mouse</>;
}

export function Keys(props: { map: Keymap; project: Project }): JSX.Element {
  const { map, project } = props;
  const arrows = project.task === "spans";
  const rows = choices(project);
  return (
    <div class="keys">
      <table>
        <caption>Actions</caption>
        <tbody>
          {(Object.keys(ACTIONS) as Action[]).map((action) => (
            <tr key={action}>
              <th scope="row">{ACTIONS[action]}</th>
              <td>
                {map.names[action].map((key) => (
                  <kbd key={key}>{printed(key)}</kbd>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > 0 && (
        <table>
          <caption>{arrows ? "Labels for the chosen words" : project.task === "number" ? "Ratings" : "Labels"}</caption>
          <tbody>
            {rows.map((one, index) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td>{map.shown[index] ? <kbd>{printed(map.shown[index] ?? "")}</kbd> : <ByName map={map} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table>
        <caption>Words and shares</caption>
        <tbody>
          <tr>
            <th scope="row">Next or previous word{arrows ? "" : " (while marking the reason)"}</th>
            <td><kbd>←</kbd><kbd>→</kbd></td>
          </tr>
          <tr>
            <th scope="row">More or fewer words</th>
            <td><kbd>Shift+←</kbd><kbd>Shift+→</kbd></td>
          </tr>
          {arrows && (
            <tr>
              <th scope="row">Remove the span under the cursor</th>
              <td><kbd>Bksp</kbd></td>
            </tr>
          )}
          <tr>
            <th scope="row">Mark the words as the reason, or keep the rectangle</th>
            <td><kbd>Space</kbd></td>
          </tr>
          <tr>
            <th scope="row">While not sure: one point more, one less</th>
            <td><kbd>1</kbd><kbd>Shift+1</kbd></td>
          </tr>
          {project.task !== "number" && (
            <tr>
              <th scope="row">While finding a label: choose the first one</th>
              <td><kbd>Enter</kbd></td>
            </tr>
          )}
          <tr>
            <th scope="row">Leave a text field or a mode</th>
            <td><kbd>Esc</kbd></td>
          </tr>
        </tbody>
      </table>
      <p class="dim">No key does anything while you write in a text field. Keys are changed in the settings.</p>
    </div>
  );
}
