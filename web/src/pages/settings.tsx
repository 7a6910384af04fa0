/** Settings of the project (kept by the server) and of this browser. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { api, ApiFault, exported } from "../api";
import { ACTIONS, type Action, actionKeys, clashes, printed } from "../logic/keymap";
import { openStore } from "../desk/store";
import { Bring } from "../parts/bring";
import { ClassKeys, useKey } from "../parts/class-keys";
import { ended, Fault, Frame, sentence } from "../parts/frame";
import { Guideline } from "../parts/guide";
import { asFault, useLoaded } from "../parts/loaded";
import { STATES } from "../parts/side";
import type { Project, Settings } from "../types";

const STRATEGIES = ["auto", "random", "margin", "entropy", "least_confidence", "badge", "coreset", "typiclust", "prob_cover"];
const FORMATS: [string, string][] = [
  ["csv", "CSV"], ["jsonl", "JSONL"], ["parquet", "Parquet"], ["label-studio", "Label Studio"],
  ["prodigy", "Prodigy"], ["doccano", "doccano"], ["conll", "CoNLL (spans)"], ["datasets", "Hugging Face datasets"],
];

type Change = (run: () => Promise<unknown>, said: string) => Promise<boolean>;

function Part(props: { title: string; about?: string; id?: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card" id={props.id}>
      <h2>{props.title}</h2>
      {props.about && <p class="dim">{props.about}</p>}
      {props.children}
    </section>
  );
}

function Classes(props: { project: Project; change: Change; save: (part: Partial<Settings>) => void }): JSX.Element {
  const { project, change } = props;
  const [name, setName] = useState("");
  const [of, setOf] = useState("");
  const [to, setTo] = useState("");
  const [merged, setMerged] = useState("");
  const [into, setInto] = useState("");
  const names = project.classes.map((one) => one.name);
  const submit = (run: () => Promise<boolean>) => (event: Event): void => {
    event.preventDefault();
    void run();
  };
  const choice = (value: string, set: (value: string) => void, id: string): JSX.Element => (
    <select id={id} value={names.includes(value) ? value : ""} required onChange={(event) => set(event.currentTarget.value)}>
      <option value="">choose</option>
      {names.map((one) => <option key={one} value={one}>{one}</option>)}
    </select>
  );
  return (
    <Part title="Classes" about="Nothing is relabelled in silence: items that a change may touch come back for a check.">
      <ClassKeys project={project} save={props.save} />
      <form class="row" onSubmit={submit(async () => {
        const done = await change(() => api.classes({ add: name }), `Class ${name} added.`);
        if (done) setName("");
        return done;
      })}>
        <label for="add-class">New class</label>
        <input id="add-class" value={name} required onInput={(event) => setName(event.currentTarget.value)} />
        <button type="submit">Add</button>
      </form>
      {names.length > 0 && (
        <>
          <form class="row" onSubmit={submit(async () => {
            const done = await change(() => api.classes({ rename: of, to }), `${of} is now ${to}.`);
            if (done) setTo("");
            return done;
          })}>
            <label for="rename-class">Rename</label>
            {choice(of, setOf, "rename-class")}
            <label for="rename-to">to</label>
            <input id="rename-to" value={to} required onInput={(event) => setTo(event.currentTarget.value)} />
            <button type="submit">Rename</button>
          </form>
          <form class="row" onSubmit={submit(() => change(() => api.classes({ merge: merged, into }), `${merged} went into ${into}.`))}>
            <label for="merge-class">Merge</label>
            {choice(merged, setMerged, "merge-class")}
            <label for="merge-into">into</label>
            {choice(into, setInto, "merge-into")}
            <button type="submit" disabled={!merged || !into || merged === into}>Merge</button>
          </form>
        </>
      )}
    </Part>
  );
}

function Seeds(props: { project: Project; change: Change }): JSX.Element | null {
  const [label, setLabel] = useState(props.project.classes[0]?.name ?? "");
  const [by, setBy] = useState<"text" | "item" | "class">(props.project.modality === "image" ? "class" : "text");
  const [value, setValue] = useState("");
  if (props.project.classes.length === 0) return null;
  const seed = (): void => {
    const said = { text: `Items with “${value}” come first.`, item: "Items like the example come first.", class: `Items like ${label} come first.` };
    void props.change(async () => {
      const found = await api.seeds(label, by === "class" ? {} : { [by]: value.trim() });
      if (found.items === 0) throw new ApiFault(404, "NotFound", "No free item was found.");
    }, said[by]);
  };
  return (
    <Part title="Seeds for a rare class" about="These items come first in the queue, up to 50. They are asked, not labelled.">
      <form class="row" onSubmit={(event) => {
        event.preventDefault();
        seed();
      }}>
        <label for="seed-class">Class</label>
        <select id="seed-class" value={label} onChange={(event) => setLabel(event.currentTarget.value)}>
          {props.project.classes.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
        </select>
        <label for="seed-by">Items</label>
        <select id="seed-by" value={by} onChange={(event) => setBy(event.currentTarget.value as typeof by)}>
          {props.project.modality !== "image" && <option value="text">with the words</option>}
          <option value="item">like the item with the id</option>
          <option value="class">like the class so far, or its name</option>
        </select>
        {by !== "class" && (
          <>
            <label for="seed-text">{by === "text" ? "Words" : "Id"}</label>
            <input id="seed-text" value={value} required onInput={(event) => setValue(event.currentTarget.value)} />
          </>
        )}
        <button type="submit">Put first</button>
      </form>
    </Part>
  );
}

function Asking(props: { settings: Settings; save: (part: Partial<Settings>) => void; change: Change; project: Project }): JSX.Element {
  const { settings, save, project } = props;
  const known = useLoaded(api.strategies);
  const [strategy, setStrategy] = useState(settings.strategy);
  useEffect(() => setStrategy(settings.strategy), [settings.strategy]);
  const list = known.thing?.map((one) => one.name) ?? STRATEGIES;
  const about = known.thing?.find((one) => one.name === strategy)?.about;
  const share = (name: "validation" | "control", title: string, text: string): JSX.Element => (
    <div class="field">
      <label for={name}>{title}</label>
      <input id={name} type="number" min={0} max={50} step={1} value={Math.round(settings[name] * 100)}
        aria-describedby={`${name}-about`}
        onChange={(event) => save({ [name]: Math.max(0, Math.min(0.5, Number(event.currentTarget.value) / 100)) })} />
      <p class="dim" id={`${name}-about`}>{text}</p>
    </div>
  );
  const paused = project.trainer.state === "paused";
  return (
    <Part title="Asking">
      <form class="field" onSubmit={(event) => {
        event.preventDefault();
        save({ strategy });
      }}>
        <label for="strategy">Strategy</label>
        <div class="row">
          <input id="strategy" list="strategies" value={strategy} autocomplete="off" onInput={(event) => setStrategy(event.currentTarget.value)} />
          <datalist id="strategies">{list.map((one) => <option key={one} value={one} />)}</datalist>
          <button type="submit" disabled={strategy === settings.strategy}>Use</button>
        </div>
        <p class="dim">{about ?? "A name of the list, or an expression of several."}</p>
      </form>
      <fieldset>
        <legend>The model’s guess is shown</legend>
        {([["after", "after the answer"], ["before", "before the answer (quicker, and it sways people)"], ["never", "never"]] as const).map(([value, text]) => (
          <label class="choice" key={value}>
            <input type="radio" name="suggestions" checked={settings.suggestions === value} onChange={() => save({ suggestions: value })} /> {text}
          </label>
        ))}
      </fieldset>
      {share("validation", "Validation share, %", "Drawn at random to measure the model; never used to train it.")}
      {share("control", "Random control share, %", "Drawn at random, to see what asking saves.")}
      <div class="row">
        <button type="button" onClick={() => void props.change(() => api.trainer("retrain"), "The model learns anew.")}>Retrain now</button>
        <button type="button" onClick={() => void props.change(() => api.trainer(paused ? "resume" : "pause"), paused ? "The trainer goes on." : "The trainer pauses.")}>
          {paused ? "Resume the trainer" : "Pause the trainer"}
        </button>
        <span class="dim">Trainer: {STATES[project.trainer.state] ?? project.trainer.state}{project.trainer.reason ? ` (${project.trainer.reason})` : ""}</span>
      </div>
    </Part>
  );
}

function KeyTable(props: { project: Project; save: (part: Partial<Settings>) => void }): JSX.Element {
  const { project, save } = props;
  const { profile, keys } = project.settings;
  const names = useMemo(() => actionKeys(profile, keys, project.task), [profile, keys, project.task]);
  const [waits, wait] = useKey((action, key) => save({ keys: { ...keys, [action]: key } }));
  const [off, setOff] = useState(localStorage.getItem("querist.keys") === "off");
  const problems = clashes(names);
  return (
    <Part title="Keys">
      <div class="field">
        <label for="profile">Profile</label>
        <select id="profile" value={profile} onChange={(event) => save({ profile: event.currentTarget.value as Settings["profile"] })}>
          <option value="querist">querist</option><option value="label-studio">Label Studio</option><option value="argilla">Argilla</option>
        </select>
      </div>
      {problems.map((text) => <p class="bad-text" key={text}>{text}</p>)}
      <table class="key-table">
        <caption class="unseen">Keys of the actions</caption>
        <tbody>
          {(Object.keys(ACTIONS) as Action[]).map((action) => (
            <tr key={action}>
              <th scope="row">{ACTIONS[action]}</th>
              <td>{names[action].map((key) => <kbd key={key}>{printed(key)}</kbd>)}</td>
              <td>
                <button type="button" aria-label={`Change the key: ${ACTIONS[action]}`} onClick={() => wait(action)}>
                  {waits === action ? "press a key …" : "Change"}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="row"><button type="button" disabled={Object.keys(keys).length === 0} onClick={() => save({ keys: {} })}>Back to the profile’s keys</button></div>
      <label class="choice">
        <input type="checkbox" checked={!off} onChange={(event) => {
          const on = event.currentTarget.checked;
          localStorage.setItem("querist.keys", on ? "on" : "off");
          setOff(!on);
        }} /> Single letters and digits act (switch off for speech input)
      </label>
      <label class="choice">
        <input type="checkbox" checked={project.settings.advance} onChange={(event) => save({ advance: event.currentTarget.checked })} />{" "}
        A label is saved at once and the next item comes (one class, ratings)
      </label>
    </Part>
  );
}

function Guide(props: { project: Project; change: Change }): JSX.Element {
  const [text, setText] = useState(props.project.guideline);
  return (
    <Part title="Guideline" about="Plain text with # headings, - lists, **bold**, *slant* and `code`. Nothing else is read.">
      <label for="guideline" class="unseen">Guideline</label>
      <textarea id="guideline" rows={8} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <div class="row">
        <button type="button" disabled={text === props.project.guideline}
          onClick={() => void props.change(() => api.settings({ guideline: text }), "Guideline saved.")}>Save the guideline</button>
      </div>
      {text.trim() && <details><summary>How it looks</summary><Guideline text={text} /></details>}
    </Part>
  );
}

function Take(props: { project: Project; change: Change }): JSX.Element {
  const [all, setAll] = useState(false);
  const [lost, setLost] = useState<{ title: string; lines: string[] } | null>(null);
  const write = (name: string, title: string): void => {
    setLost(null);
    void props.change(async () => setLost({ title, lines: await exported(name, all) }), `${title} written.`);
  };
  const formats = FORMATS.filter(([name]) => name !== "conll" || props.project.task === "spans");
  return (
    <Part title="Export" id="export" about="The labels as a file, as they are at this moment; you can go on labelling.">
      <div class="row">
        {formats.map(([name, title]) => (
          <button key={name} type="button" onClick={() => write(name, title)}>{title}</button>
        ))}
      </div>
      <label class="choice">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> Also items without an answer
      </label>
      <div role="status">
        {lost && lost.lines.length > 0 && (
          <>
            <p>{lost.title} has no place for all of it:</p>
            <ul class="lost">{lost.lines.map((text) => <li key={text}>{sentence(text)}</li>)}</ul>
          </>
        )}
      </div>
    </Part>
  );
}

/** What was saved leaves this browser with the person; what still waits is kept and sent at the next login. */
async function forget(project: string): Promise<void> {
  const store = await openStore();
  const entries = await store.all(`${localStorage.getItem("querist.user") ?? "me"}@${project}`);
  await store.drop(entries.filter((entry) => entry.state !== "waiting" && entry.why !== "unsent").map((entry) => entry.key));
}

function Browser(props: { project: string }): JSX.Element {
  const [reserve, setReserve] = useState(localStorage.getItem("querist.reserve") ?? "20");
  const [link, setLink] = useState("");
  const ask = (): void => {
    api.link().then((made) => setLink(made.link), (problem: unknown) => setLink(sentence(asFault(problem).message)));
  };
  const leave = (): void => {
    void Promise.allSettled([api.close(), forget(props.project)]).then(() => location.reload());
  };
  return (
    <Part title="This browser">
      <div class="field">
        <label for="reserve">Items kept ready for work while the server is away</label>
        <select id="reserve" value={reserve} onChange={(event) => {
          localStorage.setItem("querist.reserve", event.currentTarget.value);
          setReserve(event.currentTarget.value);
        }}>
          <option value="0">none</option><option value="5">5</option><option value="20">20</option>
        </select>
      </div>
      <div class="row">
        <button type="button" onClick={ask}>Link for another browser</button>
        <button type="button" onClick={leave}>Log out</button>
      </div>
      <div role="status">{link && <><p class="dim">Works once, within ten minutes, on this machine:</p><p><code id="new-link">{link}</code></p></>}</div>
    </Part>
  );
}

export function SettingsPage(): JSX.Element {
  const project = useLoaded(api.project);
  const [done, setDone] = useState<{ text: string; bad: boolean }>({ text: "", bad: false });
  const change: Change = async (run, text) => {
    try {
      await run();
      setDone({ text, bad: false });
      return true;
    } catch (problem) {
      setDone({ text: asFault(problem).message, bad: true });
      return false;
    } finally {
      project.again();
    }
  };
  const ready = project.thing !== null;
  useEffect(() => {
    if (ready && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [ready]);
  const save = (part: Partial<Settings>): void => void change(() => api.settings(part), "Saved.");
  if (project.fault?.status === 401) return <Frame name="querist">{ended()}</Frame>;
  if (project.fault && !project.thing) return <Frame name="querist"><Fault text={project.fault.message} again={project.again} /></Frame>;
  if (!project.thing) return <Frame name="querist"><p class="loading">Reading the settings …</p></Frame>;
  const it = project.thing;
  return (
    <Frame name={it.name}>
      <h1>Settings</h1>
      <div class="settings">
        <div>
          <Asking settings={it.settings} save={save} change={change} project={it} />
          {(it.task !== "number" || it.classes.length > 0) && <Classes project={it} change={change} save={save} />}
          <Seeds project={it} change={change} />
          <Bring project={it} done={project.again} />
          <Take project={it} change={change} />
        </div>
        <div>
          <KeyTable project={it} save={save} />
          <Guide project={it} change={change} />
          <Browser project={it.name} />
        </div>
      </div>
      <div class="said" role="status">
        {done.text && <span class={`chip ${done.bad ? "bad" : "good"}`}><span class="dot" aria-hidden="true" />{sentence(done.text)}</span>}
      </div>
    </Frame>
  );
}
