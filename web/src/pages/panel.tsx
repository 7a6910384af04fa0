/** The panel: how far the model is, what asking saves, and whether to stop. */

import type { JSX } from "preact";
import { api } from "../api";
import { Chart } from "../parts/chart";
import { ended, Fault, Frame, sentence } from "../parts/frame";
import { useLoaded } from "../parts/loaded";
import { useCalm, useEvents } from "../parts/use";
import type { Panel as Figures, Task } from "../types";

function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "under a minute";
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The heading says it already. */
function afterHead(text: string): string {
  const rest = text.replace(/^(you can stop: |stop: |go on: |go on )/i, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function Advice(props: { figures: Figures }): JSX.Element {
  const { advice } = props.figures;
  if (!advice) {
    return (
      <section class="card advice">
        <h2>Stop or go on</h2>
        <p>No advice yet: the rule needs a few rounds of the model first.</p>
      </section>
    );
  }
  const [text = "", figures] = advice.text.split(" In figures: ");
  return (
    <section class={`card advice ${advice.stop ? "stop" : ""}`}>
      <h2>{advice.stop ? "You can stop" : "Go on"}</h2>
      <p class="lead" id="advice">{afterHead(text)}</p>
      <p><strong>Another hour:</strong> {advice.hour}</p>
      {advice.history.length > 1 && (
        <Chart title="How far each model agrees with the one before, by number of labels" x="labels" low={0} high={1}
          dots={advice.history.map((one) => ({ x: one.labels, y: one.value }))} />
      )}
      <details>
        <summary>The rule {figures ? "and its figures" : "as it is written"}</summary>
        <p><code>{advice.rule}</code></p>
        {figures && <p class="dim">{sentence(figures)}</p>}
      </details>
    </section>
  );
}

function Classes(props: { figures: Figures }): JSX.Element {
  const most = Math.max(1, ...props.figures.classes.map((one) => one.count));
  return (
    <section class="card">
      <h2>Labels by class</h2>
      <ul class="bars">
        {props.figures.classes.map((one) => (
          <li key={one.name}>
            <span class="bar-name">{one.name}</span>
            <span class="bar-room" aria-hidden="true"><span class="bar" style={{ width: `${(100 * one.count) / most}%` }} /></span>
            <span class="bar-count">{one.count}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const METRICS: Record<string, string> = { accuracy: "Accuracy", exact_match: "Answers met whole", mae: "Mean error" };

/** A share in percent; an error in the unit of the numbers. */
function figure(value: number, metric: string): string {
  return metric === "mae" ? String(Number(value.toPrecision(3))) : `${Math.round(value * 100)} %`;
}

function Curve(props: { figures: Figures }): JSX.Element {
  const { curve, metric = "accuracy" } = props.figures;
  const newest = curve[curve.length - 1];
  if (!newest) {
    return (
      <section class="card">
        <h2>Learning curve</h2>
        <p class="dim">No point yet. Items drawn at random are asked now and then; the curve begins with the first of them.</p>
      </section>
    );
  }
  const name = METRICS[metric] ?? metric;
  const share = metric !== "mae";
  const { low, high } = newest;
  return (
    <section class="card">
      <h2>Learning curve</h2>
      <p>
        {name} {figure(newest.accuracy, metric)}
        {low !== null && high !== null ? ` (${figure(low, metric)} to ${figure(high, metric)})` : ""}, measured on {newest.n}{" "}
        {newest.n === 1 ? "item" : "items"} drawn at random.{share ? "" : " Lower is better."}
      </p>
      <Chart title={`${name} by number of labels`} percent={share} {...(share ? { high: 1 } : {})} low={0} x="labels"
        dots={curve.map((one) => ({ x: one.labels, y: one.accuracy, low: one.low ?? one.accuracy, high: one.high ?? one.accuracy }))} />
    </section>
  );
}

function Time(props: { figures: Figures }): JSX.Element {
  const { answers, seconds, per_hour } = props.figures.cost;
  return (
    <section class="card">
      <h2>Time</h2>
      {per_hour !== null && <p class="figure">{Math.round(per_hour).toLocaleString()} <span>answers an hour</span></p>}
      {answers === 0 ? <p class="dim">No answer yet.</p> : <p>{answers} {answers === 1 ? "answer" : "answers"} in {hours(seconds)}.</p>}
      {answers > 0 && per_hour === null && <p class="dim">Your pace is known after a few more.</p>}
    </section>
  );
}

/** What the agreement of two models is, by what an answer is. */
const AGREEMENT: Record<Task, string> = {
  single: "kappa", multi: "mean kappa of the labels", number: "concordance", spans: "kappa of the tokens",
};

function Body(props: { figures: Figures; task: Task }): JSX.Element {
  const { saved, agreement, notes } = props.figures;
  const { task } = props;
  const kappa = agreement[agreement.length - 1];
  return (
    <div class="panel">
      <div>
      <Advice figures={props.figures} />
      <Time figures={props.figures} />
      </div>
      <div>
      <Curve figures={props.figures} />
      <div class="pair">
      {props.figures.classes.length > 0 && <Classes figures={props.figures} />}
      <section class="card">
        <h2>Saved against random</h2>
        {saved ? (
          <>
            {saved.asked !== null && (
              <p class="figure">{Math.round(saved.random - saved.asked).toLocaleString()} <span>labels</span></p>
            )}
            <p>{saved.text}</p>
          </>
        ) : task === "single" || task === "multi" ? (
          <p class="dim">Not known yet: a small random share is asked beside, and needs more answers.</p>
        ) : (
          <p class="dim">Not for this task: it is estimated for labels only, not for {task === "number" ? "numbers" : "spans"}.</p>
        )}
      </section>
      <section class="card">
        <h2>Agreement of models</h2>
        {kappa ? (
          <>
            <p class="figure">{kappa.kappa.toFixed(2)} <span>{AGREEMENT[task]} at {kappa.labels} labels</span></p>
            <p class="dim">How far the model agrees with the one before it. At 1, new labels change nothing any more.</p>
          </>
        ) : (
          <p class="dim">Not measured yet: it takes two models, some labels apart.</p>
        )}
      </section>
      </div>
      {notes.length > 0 && (
        <section class="card">
          <h2>Worth knowing</h2>
          <ul>{notes.map((note) => <li key={note}>{note}</li>)}</ul>
        </section>
      )}
      </div>
    </div>
  );
}

export function PanelPage(): JSX.Element {
  const project = useLoaded(api.project);
  const panel = useLoaded(api.panel);
  const calm = useCalm(panel.again, 2_000);
  useEvents((kind) => {
    if (kind === "panel" || kind === "model" || kind === "project") calm();
  });
  const fault = panel.fault ?? project.fault;
  return (
    <Frame name={project.thing?.name ?? "querist"}>
      <h1>Panel</h1>
      {fault?.status === 401 ? ended() : fault && <Fault text={fault.message} again={panel.again} />}
      {panel.thing ? <Body figures={panel.thing} task={project.thing?.task ?? "single"} /> : !fault && <p class="loading">Counting …</p>}
    </Frame>
  );
}
