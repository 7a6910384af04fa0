/** The labelling page: the item in the middle, the answer under it, what is known about it beside. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiFault } from "../api";
import { Desk } from "../desk/desk";
import { learnt, LINKS, type View } from "../desk/view";
import { Keys } from "../desk/keys";
import { choices, keymap } from "../logic/keymap";
import { guessWords } from "../logic/guess";
import { AnswerArea, Tools } from "../parts/answer";
import { ended, Fault, Frame } from "../parts/frame";
import { Dialog, Guideline, Keys as KeyList } from "../parts/guide";
import { Side } from "../parts/side";
import { Stage } from "../parts/stage";
import { useCalm, useDesk, useEvents } from "../parts/use";
import type { Project } from "../types";

export function SaveChip(props: { view: View }): JSX.Element {
  const { waiting, link, refused } = props.view;
  const name = link === "up" ? "" : link === "offline" ? ", offline" : link === "session" ? ", logged out" : ", server busy";
  const text = waiting > 0 ? `${waiting} waiting${name}` : link === "up" ? "Saved" : name.slice(2);
  return (
    <span class={`chip ${link === "up" ? (waiting > 0 ? "wait" : "good") : "bad"}`} id="save-state" data-waiting={waiting}>
      <span class="dot" aria-hidden="true" />
      {text}
      {refused.length > 0 ? `, ${refused.length} not accepted` : ""}
    </span>
  );
}

function Banners(props: { desk: Desk; view: View }): JSX.Element {
  const { desk, view } = props;
  return (
    <>
      {view.link !== "up" && (
        <div class="banner warn">
          <p>
            {LINKS[view.link]}
            {view.link === "server" && view.why ? ` (${view.why})` : ""}
          </p>
          <button type="button" onClick={() => void desk.again()}>
            Try now
          </button>
        </div>
      )}
      {view.project?.trainer.state === "off" && (
        <div class="banner warn below">
          <p>The model does not learn just now{view.project.trainer.reason ? `: ${view.project.trainer.reason}` : ""}. Labelling goes on.</p>
        </div>
      )}
      {!view.lasting && (
        <div class="banner warn">
          <p>This browser keeps nothing on disk (a private window?). Answers that wait are lost when the tab closes.</p>
        </div>
      )}
      {view.refused.filter((entry) => entry.item?.id !== view.current?.item.id).map((entry) => (
        <div class="banner fault" key={entry.key}>
          <p>
            Not accepted: “{entry.item?.id}”. {entry.why}
          </p>
          <button type="button" onClick={() => void desk.act(() => desk.answerAgain(entry))}>
            Answer again
          </button>
          <button type="button" onClick={() => void desk.dismiss(entry)}>
            Put away
          </button>
        </div>
      ))}
    </>
  );
}

function Nothing(props: { desk: Desk; view: View; project: Project }): JSX.Element {
  const { view, project, desk } = props;
  const words: Record<string, [string, string]> = {
    exhausted: [
      project.items === 0 ? "There are no items yet" : "Nothing is left to ask",
      project.items === 0 ? "Bring some in, and they are asked here." : `All ${project.items.toLocaleString()} items have an answer or were set aside.`,
    ],
    "all handed out": ["All that is left is handed out", "Another tab or person holds the last items. They come back when they are answered or given up."],
    offline: ["The items kept ready are done", "Your answers are kept in this browser. More items come when the server is back."],
    waiting: ["One moment", "The next item is on its way."],
  };
  const [title, text] = words[view.empty ?? "waiting"] ?? ["One moment", ""];
  return (
    <section class="card nothing">
      <h1>{title}</h1>
      <p>{text}</p>
      {view.empty === "exhausted" && (
        <ul class="ways">
          {project.items > 0 && <li><a href="/settings#export">Export the labels</a></li>}
          <li><a href="/settings#import">Import more items</a></li>
          {project.items > 0 && <li><a href="/items">Look through the items, or change an answer</a></li>}
          {project.items > 0 && <li><a href="/panel">See how good the model is</a></li>}
        </ul>
      )}
      <button type="button" onClick={() => void desk.again()}>
        Look again
      </button>
    </section>
  );
}

export function Label(): JSX.Element {
  const [desk] = useState(() => new Desk());
  const view = useDesk(desk);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [pane, setPane] = useState<"help" | "guideline" | null>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const find = useRef<HTMLInputElement>(null);
  const { project } = view;

  const begin = (): void => {
    setFault(null);
    desk.start().catch((problem: unknown) => {
      setFault(problem instanceof ApiFault ? problem : new ApiFault(0, "", String(problem)));
    });
  };
  useEffect(begin, [desk]);
  const refresh = useCalm(() => void desk.refresh(), 400);
  // the first model's choices replace at once what was drawn at random
  useEvents((kind) => (kind === "model" && !learnt(desk.view.project) ? void desk.refresh() : refresh()));

  const map = useMemo(
    () => (project ? keymap(project.settings.profile, project.settings.keys, project.task, choices(project)) : null),
    [project],
  );
  const mapNow = useRef(map);
  mapNow.current = map;
  const openNote = (): void => {
    // at once, not after the next drawing: what is typed right behind the key belongs to the note
    const box = note.current?.closest<HTMLElement>(".note");
    if (box) box.hidden = false;
    note.current?.focus();
    desk.draft({ noting: true });
  };
  const openFind = (): void => {
    const box = find.current?.closest<HTMLElement>(".find");
    if (!box) return desk.hint("There are no labels to find here.");
    box.hidden = false;
    find.current?.focus();
    desk.set({ find: desk.view.find ?? "" });
    desk.say("Type a part of a label’s name. Enter chooses the first one, Escape leaves.");
  };
  const keys = useMemo(() => {
    const panes = { help: () => setPane("help"), guideline: () => setPane("guideline"), note: openNote, find: openFind };
    return new Keys(desk, () => mapNow.current, panes);
  }, [desk]);
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => keys.press(event);
    // a click leaves the focus where it was, so that Enter and Space stay with the item
    const hold = (event: MouseEvent): void => {
      if ((event.target as Element).closest(".work button")) event.preventDefault();
    };
    document.addEventListener("keydown", press);
    document.addEventListener("mousedown", hold);
    return () => {
      document.removeEventListener("keydown", press);
      document.removeEventListener("mousedown", hold);
    };
  }, [keys]);

  if (fault?.status === 401 || fault?.status === 403) return <Frame name="querist">{ended()}</Frame>;
  if (fault) return <Frame name="querist"><Fault text={fault.message} again={begin} /></Frame>;
  if (!project || !map) return <Frame name="querist"><p class="loading">Opening the project …</p></Frame>;
  const shared = { desk, view, keys, map, project };
  const held = desk.shown();
  return (
    <Frame name={project.name} chip={<SaveChip view={view} />} saying={view.saying}>
      <h1 class="unseen">Label {project.name}</h1>
      <div class="desk">
        <div class="work">
          <Banners desk={desk} view={view} />
          <p class="last">
            {view.last && (
              <>
                Last: <strong>{view.last.text}</strong>
                {view.last.guess?.[0] && (
                  <span id="guess-after">
                    {" "}
                    · the model’s guess was {guessWords(view.last.guess[0])}
                  </span>
                )}
              </>
            )}
          </p>
          {held ? (
            <>
              <Stage {...shared} held={held} />
              <div class="dock">
                {view.notice && (
                  <p class={`notice ${view.notice.kind}`} role={view.notice.kind === "fault" ? "alert" : undefined}>
                    {view.notice.text}
                  </p>
                )}
                <AnswerArea {...shared} find={find} />
                <div class="note" hidden={!view.draft.noting}>
                  <label for="note">Note, kept with the answer</label>
                  <textarea
                    id="note"
                    ref={note}
                    rows={2}
                    maxLength={10_000}
                    value={view.draft.note}
                    onInput={(event) => desk.draft({ note: event.currentTarget.value })}
                  />
                  <p class="dim">Esc goes back to the keys.</p>
                </div>
                <Tools {...shared} note={openNote} guideline={() => setPane("guideline")} help={() => setPane("help")} />
              </div>
            </>
          ) : view.empty === null ? (
            <p class="loading">The first item is on its way …</p>
          ) : (
            <>
              <Nothing desk={desk} view={view} project={project} />
              <div class="dock">
                <Tools {...shared} note={openNote} guideline={() => setPane("guideline")} help={() => setPane("help")} />
              </div>
            </>
          )}
        </div>
        <Side desk={desk} view={view} project={project} map={map} />
      </div>
      {pane === "help" && (
        <Dialog title="Keys" close={() => setPane(null)}>
          <KeyList map={map} project={project} />
        </Dialog>
      )}
      {pane === "guideline" && (
        <Dialog title="Guideline" close={() => setPane(null)}>
          {project.guideline.trim() ? <Guideline text={project.guideline} /> : <p>No guideline yet. Write one in the settings.</p>}
        </Dialog>
      )}
    </Frame>
  );
}
