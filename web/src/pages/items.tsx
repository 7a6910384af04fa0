/** All items: filter, search, sort by doubt, page by page; one item's history, flag, and asking for it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api";
import { said } from "../desk/draft";
import { percent } from "../logic/shares";
import { ended, Fault, Frame, when } from "../parts/frame";
import { Dialog } from "../parts/guide";
import { asFault, useLoaded } from "../parts/loaded";
import { Fields } from "../parts/stage";
import type { Project, Row, RowHistory, Value } from "../types";

const STATES: Record<string, string> = {
  unlabelled: "unlabelled",
  pending: "handed out",
  labelled: "labelled",
  skipped: "skipped",
  rejected: "rejected",
};
const KINDS: Record<string, string> = {
  asked: "asked", told: "answered", late: "answered too late, kept", undone: "taken back", returned: "given back", flagged: "flag changed",
};
const LIMIT = 50;

interface Filter {
  state: string;
  label: string;
  flag: string;
  text: string;
  sort: string;
}

const NOTHING: Filter = { state: "", label: "", flag: "", text: "", sort: "row" };

function asQuery(filter: Filter, cursor: string | null): URLSearchParams {
  const out = new URLSearchParams({ sort: filter.sort, limit: String(LIMIT) });
  if (filter.state) out.set("state", filter.state);
  if (filter.label) out.set("label", filter.label);
  if (filter.flag) out.set("flag", filter.flag);
  if (filter.text.trim()) out.set("text", filter.text.trim());
  if (cursor) out.set("cursor", cursor);
  return out;
}

function short(row: Row): string {
  const text = row.text ?? (row.fields ? Object.entries(row.fields).map(([name, value]) => `${name}: ${String(value)}`).join(", ") : row.id);
  const points = [...text];
  return points.length > 140 ? `${points.slice(0, 140).join("")} …` : text;
}

function answerOf(row: { state: string; value: Value }): string {
  if (row.state === "skipped" || row.state === "rejected") return row.state;
  return row.value === null ? "–" : said("label", row.value);
}

function One(props: { id: string; close: () => void; changed: () => void }): JSX.Element {
  const found = useLoaded(() => api.item(props.id));
  const [done, setDone] = useState("");
  const item: RowHistory | null = found.thing;
  const flag = (): void => {
    if (!item) return;
    api.flag(item.id, !item.flag, null).then(
      () => {
        setDone(item.flag ? "Flag removed." : "Flagged.");
        found.again();
        props.changed();
      },
      (problem: unknown) => setDone(asFault(problem).message),
    );
  };
  const take = (): void => {
    api.take(props.id).then(() => location.assign("/"), (problem: unknown) => setDone(asFault(problem).message));
  };
  return (
    <Dialog title={`Item ${props.id}`} close={props.close}>
      {found.fault && <Fault text={found.fault.message} again={found.again} />}
      {item && (
        <>
          {item.image && <img class="one-image" src={item.image} alt={`Item ${item.id}`} />}
          {item.text !== null && <p class="text one-text">{item.text}</p>}
          <Fields item={item} />
          <p><strong>{item.value === null && !["skipped", "rejected"].includes(item.state) ? "No answer yet" : answerOf(item)}</strong>{item.guess && <span class="dim"> · the model’s guess: {item.guess[0]} {percent(item.guess[1])}</span>}</p>
          <div class="row">
            <button type="button" class="main-button" onClick={take}>{item.value === null ? "Label this next" : "Change the answer"}</button>
            <button type="button" aria-pressed={Boolean(item.flag)} onClick={flag}>{item.flag ? "Remove the flag" : "Flag"}</button>
            <span role="status">{done}</span>
          </div>
          <h3>History</h3>
          {item.history.length === 0 && <p class="dim">Nothing has happened to this item yet.</p>}
          <ol class="events">
            {item.history.map((event, index) => (
              <li key={index}>
                <strong>{KINDS[event.kind] ?? event.kind}</strong>
                {event.kind === "told" || event.kind === "late" ? ` ${said(String(event["answer"] ?? "label"), event.value)}` : ""}
                {event.user ? `, ${event.user}` : ""} <span class="dim">{when(event.at)}</span>
                {event.note && <p>{event.note}</p>}
                {event.reason && <p class="dim">{event.reason}</p>}
                {event.detail && <details class="dim"><summary>The strategy’s own words</summary>{event.detail}</details>}
              </li>
            ))}
          </ol>
        </>
      )}
    </Dialog>
  );
}

function Filters(props: { filter: Filter; set: (filter: Filter) => void; project: Project | null }): JSX.Element {
  const { filter, set } = props;
  const change = (name: keyof Filter) => (event: { currentTarget: { value: string } }): void =>
    set({ ...filter, [name]: event.currentTarget.value });
  return (
    <form class="filters" role="search" aria-label="Filter the items" onSubmit={(event) => event.preventDefault()}>
      <label>Search <input type="search" value={filter.text} onInput={change("text")} placeholder="words in the item" /></label>
      <label>State
        <select value={filter.state} onChange={change("state")}>
          <option value="">any</option>
          {Object.entries(STATES).map(([state, name]) => <option key={state} value={state}>{name}</option>)}
        </select>
      </label>
      {(props.project?.classes.length ?? 0) > 0 && (
        <label>Label
          <select value={filter.label} onChange={change("label")}>
            <option value="">any</option>
            {props.project?.classes.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
          </select>
        </label>
      )}
      <label>Flag
        <select value={filter.flag} onChange={change("flag")}>
          <option value="">any</option><option value="true">flagged</option><option value="false">not flagged</option>
        </select>
      </label>
      <label>Sort
        <select value={filter.sort} onChange={change("sort")}>
          <option value="row">as imported</option><option value="doubt">most doubtful first</option>
        </select>
      </label>
    </form>
  );
}

export function ItemsPage(): JSX.Element {
  const project = useLoaded(api.project);
  const [filter, setFilter] = useState<Filter>(NOTHING);
  const [trail, setTrail] = useState<(string | null)[]>([null]);
  const [rows, setRows] = useState<Row[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const asked = useRef(0);
  const cursor = trail[trail.length - 1] ?? null;
  const load = (): void => {
    const number = (asked.current += 1);
    api.items(asQuery(filter, cursor)).then(
      (got) => {
        if (number !== asked.current) return;
        setRows(got.items);
        setNext(got.next);
        setFault(null);
      },
      (problem: unknown) => number === asked.current && setFault(asFault(problem).message),
    );
  };
  useEffect(() => {
    const timer = setTimeout(load, filter.text ? 200 : 0);
    return () => clearTimeout(timer);
  }, [filter, cursor]);
  const set = (changed: Filter): void => {
    setTrail([null]);
    setFilter(changed);
  };
  if (project.fault?.status === 401) return <Frame name="querist">{ended()}</Frame>;
  return (
    <Frame name={project.thing?.name ?? "querist"}>
      <h1>Items</h1>
      <Filters filter={filter} set={set} project={project.thing} />
      {fault && <Fault text={fault} again={load} />}
      <div class="scroll card flush">
        <table class="items">
          <caption class="unseen">Items</caption>
          <thead>
            <tr><th scope="col">Item</th><th scope="col">Answer</th><th scope="col" class="model-col">Model</th><th scope="col">State</th><th scope="col" class="late-col">When</th></tr>
          </thead>
          <tbody>
            {rows?.map((row) => (
              <tr key={row.id}>
                <td>
                  <button type="button" class="row-open" onClick={() => setOpen(row.id)}>
                    {row.image && <img src={row.image} alt="" width={40} height={40} loading="lazy" />}
                    <span>{row.image && !row.text ? row.id : short(row)}</span>
                  </button>
                </td>
                <td>{answerOf(row)}</td>
                <td class="model-col">{row.guess ? `${row.guess[0]} ${percent(row.guess[1])}` : "–"}</td>
                <td>{STATES[row.state] ?? row.state}{row.flag ? ", flagged" : ""}</td>
                <td class="late-col">{when(row.at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows?.length === 0 && <p class="none">No item fits.</p>}
      </div>
      <nav class="pager" aria-label="Pages of items">
        <button type="button" disabled={trail.length < 2} onClick={() => setTrail(trail.slice(0, -1))}>Back</button>
        <span>Page {trail.length}</span>
        <button type="button" disabled={!next} onClick={() => setTrail([...trail, next])}>Next</button>
      </nav>
      {open !== null && <One id={open} close={() => setOpen(null)} changed={load} />}
    </Frame>
  );
}
