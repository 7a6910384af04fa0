/** Beside the item: progress, the model, and the last ten answers. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { api } from "../api";
import type { Desk } from "../desk/desk";
import { learnt, type View } from "../desk/view";
import { said } from "../desk/draft";
import type { AnswerBody, Entry } from "../desk/store";
import { type Keymap, keyOf, printed } from "../logic/keymap";
import { percent } from "../logic/shares";
import type { Panel, Project } from "../types";
import { useLoaded } from "./loaded";
import { useCalm } from "./use";

export const STATES: Record<Project["trainer"]["state"], string> = {
  starting: "getting ready",
  idle: "up to date",
  busy: "learning",
  paused: "paused",
  off: "off; labelling goes on",
};

const SAVED: Record<string, string> = { waiting: "waiting", saved: "saved", late: "kept, not counted" };

function shortened(entry: Entry): string {
  const { item } = entry;
  if (!item) return "";
  const text = item.text ?? (item.fields ? Object.values(item.fields).map(String).join(", ") : item.id);
  return [...text].slice(0, 60).join("");
}

/** One line when the rule says stop, and nothing until then. Looked up with each model, at most every few seconds. */
export function StopAdvice(props: { round: number | undefined }): JSX.Element | null {
  const panel = useLoaded(api.panel);
  const calm = useCalm(panel.again, 5_000);
  useEffect(() => {
    if (props.round !== undefined) calm();
  }, [props.round]);
  const line = stopLine(panel.thing?.advice ?? null);
  return line ? <p id="stop-advice">{line} <a href="/panel">See why</a></p> : null;
}

/** "You can stop: ..." without its figures, or nothing. */
export function stopLine(advice: Panel["advice"]): string | null {
  return advice?.stop ? (advice.text?.split(" In figures: ")[0] ?? null) : null;
}

/** What stands where the answers will. */
function NoneYet(props: { map: Keymap; project: Project }): JSX.Element {
  const key = keyOf("previous", props.map, props.project.task);
  return (
    <p class="dim" id="none-yet">
      Your answers show here. {key ? <>Look at them with <kbd>{printed(key)}</kbd>, or choose one.</> : "Choose one to look at it."}
    </p>
  );
}

export function Side(props: { desk: Desk; view: View; project: Project; map: Keymap }): JSX.Element {
  const { desk, view, project, map } = props;
  const done = project.labelled + project.skipped + project.rejected;
  const { encoder, trainer, model } = project;
  return (
    <aside class="side" aria-label="About this project">
      <section>
        <h2>Progress</h2>
        <p>
          <strong id="labelled">{project.labelled}</strong> of {project.items} labelled
          {project.skipped + project.rejected > 0 ? `, ${project.skipped + project.rejected} set aside` : ""}
        </p>
        <progress max={Math.max(1, project.items)} value={done} aria-label="Items done" />
      </section>
      <section>
        <h2>Model</h2>
        <p id="model">{model && learnt(project) ? `Round ${model.round}, learnt from ${model.labels} labels` : "None yet; it begins after a few answers"}</p>
        <StopAdvice round={model?.round} />
        <p class={trainer.state === "off" ? "bad-text" : "dim"} id="trainer">
          Trainer: {STATES[trainer.state] ?? trainer.state}
          {trainer.reason ? ` (${trainer.reason})` : ""}
        </p>
        {encoder?.name && (
          <p class="dim" id="encoder">
            Encoder: {encoder.name}
            {encoder.done < encoder.of ? `, ${percent(encoder.done / Math.max(1, encoder.of))} of the items read` : ""}
          </p>
        )}
        <p class="dim">Strategy: {project.settings.strategy}</p>
      </section>
      <section>
        <h2>Last ten</h2>
        {view.history.length === 0 && <NoneYet map={map} project={project} />}
        <ol class="history" id="history">
          {view.history.slice(0, 10).map((entry, index) => {
            const body = entry.body as AnswerBody;
            return (
              <li key={entry.key}>
                <button type="button" aria-current={view.looking === index ? "true" : undefined} onClick={() => desk.lookAt(index)}>
                  {entry.item?.image && <img src={desk.picture({ ...entry.handed!, item: entry.item }) ?? ""} alt="" width={32} height={32} />}
                  <span class="history-answer">{said(body.kind, body.value)}</span>
                  <span class="history-item">{shortened(entry)}</span>
                  <span class={`state ${entry.state}`}>{SAVED[entry.state] ?? entry.state}</span>
                </button>
              </li>
            );
          })}
        </ol>
      </section>
    </aside>
  );
}
