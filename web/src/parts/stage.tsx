/** The item in the middle of the page: a text, a picture, the fields of a table row. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Desk } from "../desk/desk";
import type { View } from "../desk/view";
import type { Held } from "../desk/queue";
import { lengthOf, slice } from "../logic/words";
import type { Item, Project } from "../types";
import { Picture } from "./picture";
import { Words } from "./words";

interface Props {
  desk: Desk;
  view: View;
  project: Project;
  held: Held;
}

const ROLES: Record<string, string> = {
  validation: "Drawn at random to measure the model; it does not train it.",
  control: "Drawn at random, to see what asking saves against chance.",
  check: "Asked again for a check: a change of the classes may touch it.",
  again: "Asked again: its answer was taken back.",
  picked: "You asked for this one.",
};

export function Fields(props: { item: Item }): JSX.Element | null {
  const fields = Object.entries(props.item.fields ?? {});
  if (fields.length === 0) return null;
  return (
    <dl class="fields">
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : value === null ? "–" : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Spans(props: Props): JSX.Element | null {
  const { desk, view, held } = props;
  const { spans } = view.draft;
  const text = held.item.text ?? "";
  if (spans.length === 0) return <p class="dim spans-hint">No spans yet. Choose words, then press a label. Saving without any is an answer too.</p>;
  return (
    <ul class="span-list" aria-label="Spans">
      {spans.map((span) => (
        <li key={`${span[0]}-${span[1]}`}>
          <strong>{span[2]}</strong> {slice(text, span[0], span[1])}
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${span[2]} “${slice(text, span[0], span[1])}”`}
            onClick={() => desk.draft({ spans: view.draft.spans.filter((one) => one !== span) })}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function ReasonBar(props: Props): JSX.Element {
  const { desk, view, held } = props;
  const { draft } = view;
  const clear = (): void => desk.draft({ words: [], boxes: [], strokes: [] });
  const marks = draft.words.length + draft.boxes.length + draft.strokes.length;
  return (
    <div class="reason-bar" role="group" aria-label="Marking the reason">
      <p>{held.item.text ? "Choose words, then mark them." : "Draw on the picture, or move the rectangle by the arrows and press Space."}</p>
      {held.item.text ? (
        <button type="button" onClick={() => void press(" ")}>Mark the words</button>
      ) : (
        <>
          <button type="button" aria-pressed={!draft.brush} onClick={() => desk.draft({ brush: false })}>Rectangle</button>
          <button type="button" aria-pressed={draft.brush} onClick={() => desk.draft({ brush: true, frame: null })}>Brush</button>
        </>
      )}
      <button type="button" disabled={marks === 0} onClick={clear}>Clear</button>
      <button type="button" onClick={() => void press("Escape")}>Done</button>
    </div>
  );
}

/** A button that does what a key does, so that there is one way only. */
function press(key: string): void {
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

export function Stage(props: Props): JSX.Element {
  const { desk, view, project, held } = props;
  const { draft, looking } = view;
  const { item } = held;
  const hues = useMemo(() => new Map(project.classes.map((one, index) => [one.name, index])), [project]);
  const marking = draft.mode === "reason";
  const reason = held.reason || ROLES[held.role] || "Next in the queue.";
  const long = item.text !== null && lengthOf(item.text) > 400;
  return (
    <section class={`card item ${looking === null ? "" : "past"}`} aria-label="Item" data-item={item.id}>
      {looking !== null && (
        <p class="past-line">
          An earlier answer, {looking + 1} back. A new answer replaces it.
          <button type="button" onClick={() => void desk.look(-1 - looking)}>Back to work</button>
        </p>
      )}
      {marking && <ReasonBar {...props} />}
      {item.image && (
        <Picture
          key={item.id}
          item={item}
          source={desk.picture(held) ?? item.image}
          marking={marking && !item.text}
          brush={draft.brush}
          boxes={draft.boxes}
          strokes={draft.strokes}
          frame={marking ? draft.frame : null}
          addBox={(box) => desk.draft({ boxes: [...desk.view.draft.boxes, box], frame: null })}
          addStroke={(stroke) => desk.draft({ strokes: [...desk.view.draft.strokes, stroke] })}
        />
      )}
      {item.text !== null &&
        (project.task === "spans" || marking || draft.words.length > 0 ? (
          <div class={long ? "text long" : "text"}>
            <Words
              text={item.text}
              spans={draft.spans}
              marks={draft.words}
              cursor={project.task === "spans" || marking ? draft.cursor : { anchor: -1, at: -1 }}
              hues={hues}
              move={(cursor) => desk.draft({ cursor })}
              describe={marking ? "Text: arrows choose words, Space marks the reason" : "Text: arrows choose words, a label key marks them"}
            />
          </div>
        ) : (
          <div class={long ? "text long" : "text"} tabIndex={long ? 0 : undefined} role={long ? "region" : undefined} aria-label={long ? "Text of the item" : undefined}>
            {item.text}
          </div>
        ))}
      <Fields item={item} />
      {project.task === "spans" && <Spans {...props} />}
      <p class="why">
        <span class="why-head">Why this one</span> <span id="reason">{reason}</span>
      </p>
    </section>
  );
}
