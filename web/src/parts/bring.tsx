/** More items from a file: first what it would bring, row by row what is not understood, then the import itself. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { MOST_BYTES, sent } from "../api";
import { counted } from "../logic/numbers";
import type { Brought, Project } from "../types";
import { sentence } from "./frame";
import { asFault } from "./loaded";

const KINDS = ".csv,.tsv,.jsonl,.ndjson,.json,.parquet,.conll,.bio,.iob,.iob2,.gz,.txt";

type State =
  | { is: "nothing" }
  | { is: "busy"; text: string }
  | { is: "checked"; found: Brought; classes: boolean }
  | { is: "taken"; found: Brought }
  | { is: "fault"; text: string };

function Counts(props: { found: Brought; took: boolean }): JSX.Element {
  const { found, took } = props;
  const lines = [
    `${counted(found.items, "new item")}, ${counted(found.answers, "answer")}.`,
    found.known > 0 ? `${counted(found.known, "item")} ${found.known === 1 ? "is" : "are"} known already and ${found.known === 1 ? "stays" : "stay"} as ${found.known === 1 ? "it is" : "they are"}; new answers to ${found.known === 1 ? "it" : "them"} are added.` : "",
    found.repeated ? `${counted(found.repeated, "answer")} ${found.repeated === 1 ? "was" : "were"} there already.` : "",
    found.history ? `${counted(found.history, "answer")} that the file marks as not counted stay out.` : "",
    found.flags ? `${counted(found.flags, "item")} flagged.` : "",
    took && found.classes.length > 0 ? `New classes: ${found.classes.join(", ")}.` : "",
    ...found.notes.map(sentence),
  ];
  return <>{lines.filter(Boolean).map((line) => <p key={line}>{line}</p>)}</>;
}

function BadRows(props: { found: Brought; took: boolean }): JSX.Element | null {
  const { left_out, rows } = props.found;
  if (left_out === 0) return null;
  const more = left_out - rows.length;
  return (
    <div class="bad-rows">
      <p class="bad-text">{counted(left_out, "row")} {props.took ? "left out" : "not understood"}:</p>
      <ul class="scroll" tabIndex={0} aria-label="Rows that are not understood">
        {rows.map((row) => <li key={row.at}><strong>{row.at}</strong> {row.why}</li>)}
      </ul>
      {more > 0 && <p class="dim">And {counted(more, "row")} more.</p>}
    </div>
  );
}

export function Bring(props: { project: Project; done: () => void }): JSX.Element {
  const [state, setState] = useState<State>({ is: "nothing" });
  const [file, setFile] = useState<File | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const images = props.project.modality === "image";
  const fail = (problem: unknown): void => setState({ is: "fault", text: sentence(asFault(problem).message) });
  const check = (wanted: File, classes: boolean): void => {
    if (wanted.size > MOST_BYTES) {
      const size = Math.ceil(wanted.size / 2 ** 20).toLocaleString();
      return setState({ is: "fault", text: `The file has ${size} MiB, and at most 50 are taken here. Use querist import in a terminal, or part the file.` });
    }
    setState({ is: "busy", text: "Reading the file …" });
    sent("/import/check", wanted, { new_classes: classes }).then((found) => setState({ is: "checked", found, classes }), fail);
  };
  const take = (wanted: File, left_out: number, classes: boolean): void => {
    setState({ is: "busy", text: "Taking it in …" });
    sent("/import", wanted, { skip_bad: left_out > 0, new_classes: classes }).then((found) => {
      setState({ is: "taken", found });
      setFile(null);
      if (input.current) input.current.value = "";
      props.done();
    }, fail);
  };
  return (
    <section class="card" id="import">
      <h2>Import more items</h2>
      <p class="dim">
        A file of any format that querist label reads, up to 50 MiB, with answers or without. You see first what it would bring.
        {images ? " Of images, the file names those below the folder of this project; for new ones use querist import." : ""}
      </p>
      <div class="field">
        <label for="import-file">File</label>
        <input id="import-file" ref={input} type="file" accept={KINDS} disabled={state.is === "busy"} onChange={(event) => {
          const chosen = event.currentTarget.files?.[0] ?? null;
          setFile(chosen);
          if (chosen) check(chosen, false);
          else setState({ is: "nothing" });
        }} />
      </div>
      <div role="status" class="brought">
        {state.is === "busy" && <p class="dim">{state.text}</p>}
        {state.is === "fault" && <p class="bad-text">{state.text} Nothing was taken.</p>}
        {(state.is === "checked" || state.is === "taken") && (
          <>
            <p><strong>{state.is === "taken" ? "Taken in:" : "The file would bring:"}</strong></p>
            <Counts found={state.found} took={state.is === "taken"} />
            <BadRows found={state.found} took={state.is === "taken"} />
          </>
        )}
      </div>
      {state.is === "checked" && file && (
        <>
          {state.found.classes.length > 0 && props.project.task !== "number" && (
            <label class="choice">
              <input type="checkbox" checked={state.classes} onChange={(event) => check(file, event.currentTarget.checked)} />
              Add the classes that the project does not have: {state.found.classes.slice(0, 12).join(", ")}{state.found.classes.length > 12 ? " …" : ""}
            </label>
          )}
          <div class="row">
            <button type="button" class="main-button" disabled={state.found.items + state.found.known === 0}
              onClick={() => take(file, state.found.left_out, state.classes)}>
              {state.found.left_out > 0 ? `Take the rest, leave ${counted(state.found.left_out, "row")} out` : "Take it in"}
            </button>
            <button type="button" onClick={() => {
              setState({ is: "nothing" });
              setFile(null);
              if (input.current) input.current.value = "";
            }}>Cancel</button>
          </div>
        </>
      )}
    </section>
  );
}
