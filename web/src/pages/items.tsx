/** All items: filter, search, sort by doubt, page by page; one item's history, flag, and asking for it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api";
import { said } from "../desk/draft";
import { guessWords } from "../logic/guess";
import { Cap, ended, Fault, Frame, when } from "../parts/frame";
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

function guessed(row: Row): string {
  return row.guess ? guessWords(row.guess) : "–";
}

function One(props: { id: string; close: () => void; changed: () => void; alike: () => void }): JSX.Element {
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
    <Dialog title={`Item ${props.id}`} close={props.close} press={(event) => {
      if (event.key === "m" && plain(event)) props.alike();
    }}>
      {found.fault && <Fault text={found.fault.message} again={found.again} />}
      {item && (
        <>
          {item.image && <img class="one-image" src={item.image} alt={`Item ${item.id}`} />}
          {item.text !== null && <p class="text one-text">{item.text}</p>}
          <Fields item={item} />
          <p><strong>{item.value === null && !["skipped", "rejected"].includes(item.state) ? "No answer yet" : answerOf(item)}</strong>{item.guess && <span class="dim"> · the model’s guess: {guessed(item)}</span>}</p>
          <div class="row">
            <button type="button" class="main-button" onClick={take}>{item.value === null ? "Label this next" : "Change the answer"}</button>
            <button type="button" onClick={props.alike} aria-keyshortcuts="m">More like this <Cap name="M" /></button>
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
  // of numbers and spans no doubt is known
  const doubts = props.project?.task === "single" || props.project?.task === "multi";
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
          <option value="row">as imported</option>
          {doubts && <option value="doubt">most doubtful first</option>}
        </select>
      </label>
    </form>
  );
}

function plain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** In the list the arrows go from item to item; `m` asks for more like the one in focus. */
function walk(event: KeyboardEvent, alike: (id: string) => void): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>(".row-open")];
  const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (here < 0 || !plain(event)) return;
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (event.key === "m") alike(buttons[here]?.dataset["item"] ?? "");
  else if (to === undefined) return;
  else buttons[Math.max(0, Math.min(buttons.length - 1, to))]?.focus();
  event.preventDefault();
}

function List(props: { rows: Row[] | null; open: (id: string) => void; alike: (id: string) => void; none: string }): JSX.Element {
  const { rows } = props;
  return (
    <div class="scroll card flush list">
      <table class="items" onKeyDown={(event) => walk(event, props.alike)}>
        <caption class="unseen">Items</caption>
        <thead>
          <tr><th scope="col">Item</th><th scope="col">Answer</th><th scope="col" class="model-col">Model</th><th scope="col">State</th><th scope="col" class="late-col">When</th></tr>
        </thead>
        <tbody>
          {rows?.map((row) => (
            <tr key={row.id}>
              <td>
                <button type="button" class="row-open" data-item={row.id} onClick={() => props.open(row.id)}>
                  {row.image && <img src={row.image} alt="" width={40} height={40} loading="lazy" />}
                  <span>{row.image && !row.text ? row.id : short(row)}</span>
                </button>
              </td>
              <td>{answerOf(row)}</td>
              <td class="model-col">{guessed(row)}</td>
              <td>{STATES[row.state] ?? row.state}{row.flag ? ", flagged" : ""}</td>
              <td class="late-col">{when(row.at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows === null && <p class="none">Reading the items …</p>}
      {rows?.length === 0 && <p class="none">{props.none}</p>}
    </div>
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
  const [like, setLike] = useState<{ id: string; name: string } | null>(null);
  const asked = useRef(0);
  const cursor = trail[trail.length - 1] ?? null;
  const load = (): void => {
    const number = (asked.current += 1);
    (like === null ? api.items(asQuery(filter, cursor)) : api.alike(like.id)).then(
      (got) => {
        if (number !== asked.current) return;
        setRows(got.items);
        setNext(got.next);
        setFault(null);
      },
      (problem: unknown) => {
        if (number !== asked.current) return;
        setFault(asFault(problem).message);
        setRows((before) => (like === null ? before : []));
      },
    );
  };
  useEffect(() => {
    const timer = setTimeout(load, filter.text && like === null ? 200 : 0);
    return () => clearTimeout(timer);
  }, [filter, cursor, like]);
  const set = (changed: Filter): void => {
    setTrail([null]);
    setFilter(changed);
  };
  const alike = (id: string): void => {
    const row = rows?.find((one) => one.id === id);
    const name = [...(row && !row.image ? short(row) : id)];
    setOpen(null);
    setRows(null);
    setFault(null);
    setLike({ id, name: name.length > 60 ? `${name.slice(0, 60).join("")} …` : name.join("") });
    document.getElementById("main")?.focus();
  };
  if (project.fault?.status === 401) return <Frame name="querist">{ended()}</Frame>;
  const narrowed = filter.state || filter.label || filter.flag || filter.text.trim();
  const doubt = filter.sort === "doubt" ? "The model has said nothing of these items yet." : "No item fits.";
  const none = like !== null ? (fault ? "" : "No other item has features yet.") : narrowed || filter.sort === "doubt" ? doubt : "There are no items.";
  return (
    <Frame name={project.thing?.name ?? "querist"} saying={like === null || rows === null ? "" : `${rows.length} items like ${like.name}.`}>
      <h1>Items</h1>
      {like === null ? <Filters filter={filter} set={set} project={project.thing} /> : (
        <div class="row alike">
          <p>Most like “<button type="button" class="inline" onClick={() => setOpen(like.id)}>{like.name}</button>” first</p>
          <button type="button" onClick={() => {
            setRows(null);
            setFault(null);
            setLike(null);
          }}>Back to all items</button>
        </div>
      )}
      {fault && <Fault text={fault} again={load} />}
      <List rows={rows} open={setOpen} alike={alike} none={none} />
      {like === null && (
        <nav class="pager" aria-label="Pages of items">
          <button type="button" disabled={trail.length < 2} onClick={() => setTrail(trail.slice(0, -1))}>Back</button>
          <span>Page {trail.length}</span>
          <button type="button" disabled={!next} onClick={() => setTrail([...trail, next])}>Next</button>
        </nav>
      )}
      <p class="dim keys-line">In the list: <kbd>↑</kbd> <kbd>↓</kbd> go from item to item, <kbd>Enter</kbd> opens one, <kbd>M</kbd> shows more like it.</p>
      {open !== null && <One key={open} id={open} close={() => setOpen(null)} changed={load} alike={() => alike(open)} />}
    </Frame>
  );
}
