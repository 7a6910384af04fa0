/** The answer under the item: labels, numbers, shares, and the other things that can be done. */

import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk/desk";
import { sharesNow } from "../desk/draft";
import type { View } from "../desk/view";
import type { Keys } from "../desk/keys";
import { type Action, type Keymap, keyOf, printed } from "../logic/keymap";
import { guessBefore, guessWords } from "../logic/guess";
import { found } from "../logic/find";
import { buttonsOf } from "../logic/numbers";
import { percent } from "../logic/shares";
import type { Project } from "../types";
import { Cap } from "./frame";

interface Props {
  desk: Desk;
  view: View;
  keys: Keys;
  map: Keymap;
  project: Project;
}

function guessOf(view: View, project: Project): Map<string, number> {
  return new Map(guessBefore(project, view.current?.suggestion ?? null, view.looking).map(([name, share]) => [name, share ?? 0]));
}

function NumberGuess(props: Props): JSX.Element | null {
  const [guess] = guessBefore(props.project, props.view.current?.suggestion ?? null, props.view.looking);
  return guess ? <p class="dim" id="guess-before">The model’s guess: {guessWords(guess)}</p> : null;
}

/** Inside a radio group the arrows move between its radios; they do not browse. */
function roam(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step === undefined || event.ctrlKey) return;
  const radios = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>("[role=radio]")];
  const here = radios.findIndex((radio) => radio === document.activeElement);
  radios[(here + step + radios.length) % radios.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

/** So many labels are found by looking. */
const FEW = 12;

/** A box over the labels: typing narrows them, Enter chooses the first one, Escape leaves. */
function Find(props: Props & { box: RefObject<HTMLInputElement | null> }): JSX.Element {
  const { desk, view, project, keys, map, box } = props;
  const names = project.classes.map((one) => one.name);
  const key = keyOf("find", map, project.task) ?? "";
  const typed = view.find?.trim() ?? "";
  const leave = (): void => {
    desk.set({ find: null });
    box.current?.blur();
  };
  // where the box is left by another way, such as a button that brings the next item, the keys are free again
  useLayoutEffect(() => {
    if (view.find === null) box.current?.blur();
  }, [view.find]);
  const type = (text: string): void => {
    desk.set({ find: text });
    if (!text.trim()) return;
    const left = found(names, text).map((place) => names[place] ?? "");
    desk.say(left.length === 0 ? "No label has that." : `${left.length} of ${names.length}. Enter chooses ${left[0]}.`);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Enter") {
      event.preventDefault();
      const text = box.current?.value.trim() ?? "";
      const [first] = text ? found(names, text) : [];
      if (first === undefined) return desk.hint(text ? "No label has that." : "Type a part of a label’s name first.");
      leave();
      void desk.act(() => keys.label(first, 1));
    }
  };
  return (
    <div class="find" hidden={view.find === null && names.length <= FEW}>
      <label for="find">Find a label <Cap name={printed(key)} /></label>
      <input
        id="find"
        ref={box}
        value={view.find ?? ""}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        aria-keyshortcuts={key || undefined}
        aria-describedby="find-about"
        onFocus={() => desk.set({ find: desk.view.find ?? "" })}
        onBlur={() => !desk.view.find && desk.set({ find: null })}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={press}
      />
      <span class="dim" id="find-about">{typed && found(names, typed).length === 0 ? "No label has that." : "Enter chooses the first one, Esc leaves."}</span>
    </div>
  );
}

interface Listed extends Props {
  /** places of the classes that are shown, in their order */
  places: number[];
  choose: (index: number, step: number) => void;
}

function Labels(props: Listed): JSX.Element {
  const { view, project, map, places, choose } = props;
  const { draft } = view;
  const guess = guessOf(view, project);
  const best = [...guess.entries()].sort((a, b) => b[1] - a[1])[0]?.[0];
  const single = project.task === "single";
  const chosen = project.classes.findIndex((one) => one.name === draft.label);
  const roving = places.includes(chosen) ? chosen : places[0];
  const first = view.find?.trim() ? places[0] : undefined;
  const list = useRef<HTMLDivElement>(null);
  // where the list is longer than its place, what was chosen before is shown, and what typing leaves from its top
  useLayoutEffect(() => {
    const box = list.current;
    const on = box?.querySelector<HTMLElement>(".label.on");
    if (box && on) box.scrollTop = on.offsetTop - box.offsetTop - (box.clientHeight - on.offsetHeight) / 2;
  }, [view.current, view.seen]);
  useLayoutEffect(() => {
    if (list.current && view.find?.trim()) list.current.scrollTop = 0;
  }, [view.find]);

  return (
    <div
      ref={list}
      class={`labels ${project.classes.length > 12 ? "many" : ""} ${project.classes.every((one) => one.name.length < 4) ? "short" : ""}`}
      role={single ? "radiogroup" : "group"}
      aria-label={project.task === "spans" ? "Labels for the chosen words" : single ? "Label" : "Labels"}
      onKeyDown={single ? roam : undefined}
    >
      {places.map((index) => {
        const one = project.classes[index]!;
        const on = single ? draft.label === one.name : draft.labels.includes(one.name);
        const share = guess.get(one.name);
        const state = single ? { role: "radio" as const, "aria-checked": on } : project.task === "multi" ? { "aria-pressed": on } : {};
        return (
          <button
            key={one.name}
            type="button"
            class={`label ${on ? "on" : ""} ${one.name === best ? "guessed" : ""} ${index === first ? "first" : ""} ${project.task === "spans" ? `hue-${index % 8}` : ""}`}
            tabIndex={single ? (index === roving ? 0 : -1) : 0}
            aria-keyshortcuts={map.shown[index] || undefined}
            onClick={() => choose(index, 1)}
            {...state}
          >
            <Cap name={printed(map.shown[index] ?? "")} />
            <span class="name">{one.name}</span>
            {share !== undefined && <span class="share">{percent(share)}</span>}
          </button>
        );
      })}
    </div>
  );
}

function Soft(props: Listed): JSX.Element {
  const { view, project, map, places, choose } = props;
  const shares = sharesNow(view.draft, project.task) ?? {};
  const first = view.find?.trim() ? places[0] : undefined;
  return (
    <div class={`soft ${project.classes.length > 6 ? "many" : ""}`} role="group" aria-label="Shares over the classes">
      {places.map((index) => {
        const one = project.classes[index]!;
        const share = shares[one.name] ?? 0;
        return (
          <div class={`soft-row ${index === first ? "first" : ""}`} key={one.name}>
            <Cap name={printed(map.shown[index] ?? "")} />
            <span class="name">{one.name}</span>
            <meter min={0} max={1} value={share} aria-label={`Share of ${one.name}`}>
              {percent(share)}
            </meter>
            <output>{percent(share)}</output>
            <button type="button" aria-label={`Less ${one.name}`} onClick={() => choose(index, -1)}>
              −
            </button>
            <button type="button" aria-label={`More ${one.name}`} onClick={() => choose(index, 1)}>
              +
            </button>
          </div>
        );
      })}
    </div>
  );
}

function NumberField(props: Props): JSX.Element {
  const { view, project, keys, map, desk } = props;
  const scale = project.number;
  const buttons = buttonsOf(scale)?.map(String);
  if (buttons) {
    const roving = Math.max(0, buttons.indexOf(view.draft.number));
    return (
      <div class="labels ratings" role="radiogroup" aria-label="Rating" onKeyDown={roam}>
        {buttons.map((value, index) => (
          <button
            key={value}
            type="button"
            class={`label ${view.draft.number === value ? "on" : ""}`}
            role="radio"
            aria-checked={view.draft.number === value}
            tabIndex={index === roving ? 0 : -1}
            aria-keyshortcuts={map.shown[index] || undefined}
            onClick={() => void desk.act(() => keys.label(index, 1))}
          >
            <Cap name={printed(map.shown[index] ?? "")} />
            <span class="name">{value}</span>
          </button>
        ))}
      </div>
    );
  }
  return (
    <form
      class="number"
      onSubmit={(event) => {
        event.preventDefault();
        void desk.act(() => desk.submit());
      }}
    >
      <label for="number">
        Number{scale ? ` from ${scale.low} to ${scale.high}` : ""}
      </label>
      <input
        id="number"
        inputMode="decimal"
        autocomplete="off"
        value={view.draft.number}
        onInput={(event) => desk.draft({ number: event.currentTarget.value })}
      />
    </form>
  );
}

export function Tools(props: Props & { note: () => void; guideline: () => void; help: () => void }): JSX.Element {
  const { desk, view, keys, map } = props;
  const cap = (action: Action): JSX.Element => <Cap name={printed(map.names[action][0] ?? "")} />;
  const { draft } = view;
  const act = (run: () => unknown) => () => void desk.act(async () => void (await run()));
  const none = desk.shown() === null;
  const unsure = draft.mode === "soft" || draft.doubt;
  return (
    <div class="tools" role="group" aria-label="Other answers and tools">
      <button type="button" disabled={none} onClick={act(() => desk.answer("skip", null))}>
        Skip {cap("skip")}
      </button>
      <button type="button" disabled={none} onClick={act(() => desk.answer("reject", null))}>
        Reject {cap("reject")}
      </button>
      <button type="button" onClick={act(() => desk.undo())}>
        Undo {cap("undo")}
      </button>
      <button type="button" disabled={none} aria-pressed={unsure} onClick={act(() => keys.toggleSoft())}>
        Not sure {cap("unsure")}
      </button>
      <button type="button" disabled={none} aria-pressed={draft.mode === "reason"} onClick={act(() => keys.toggleReason())}>
        Reason {cap("reason")}
      </button>
      <button type="button" disabled={none} aria-pressed={draft.noting} onClick={props.note}>
        Note {cap("note")}
      </button>
      <button type="button" disabled={none} aria-pressed={view.flagged} onClick={act(() => desk.flag())}>
        Flag {cap("flag")}
      </button>
      <button type="button" onClick={props.guideline}>
        Guideline {cap("guideline")}
      </button>
      <button type="button" onClick={props.help}>
        Keys {cap("help")}
      </button>
    </div>
  );
}

export function AnswerArea(props: Props & { find: RefObject<HTMLInputElement | null> }): JSX.Element {
  const { desk, view, project, keys, map, find } = props;
  const { draft } = view;
  const needsEnter =
    draft.mode === "soft" || project.task === "multi" || project.task === "spans" || !project.settings.advance ||
    (project.task === "number" && !buttonsOf(project.number));
  const classes = project.task !== "number" && project.classes.length > 0;
  const places = found(project.classes.map((one) => one.name), view.find ?? "");
  const choose = (index: number, step: number): void => {
    find.current?.blur(); // a click leaves the focus where it is, and the next key is none of the name
    desk.set({ find: null });
    void desk.act(() => keys.label(index, step));
  };
  const listed = { ...props, places, choose };
  return (
    <div class="answer">
      {classes && <Find {...props} box={find} />}
      {draft.mode === "soft" ? <Soft {...listed} /> : project.task === "number" ? (
        <>
          <NumberField {...props} />
          <NumberGuess {...props} />
        </>
      ) : <Labels {...listed} />}
      {needsEnter && (
        <button type="button" class="main-button" onClick={() => void desk.act(() => desk.submit())}>
          {draft.mode === "soft" ? "Save shares" : view.looking === null ? "Save" : "Save the change"}
          <Cap name={printed(map.names.submit[0] ?? "")} />
        </button>
      )}
    </div>
  );
}
