/** The desk: the item in front of the person, the answer being made, and the way of answers to the server. */

import { api, ApiFault, call } from "../api";
import { guessBefore } from "../logic/guess";
import { renamed } from "../logic/renames";
import type { Handed, Kind, Project, Rename, Value } from "../types";
import { called, type Draft, draftOf, fitted, madeOf, rationaleOf, said } from "./draft";
import { backOff, type Drained, type Link, Outbox, tabLock } from "./outbox";
import { keepPicture, pictures } from "./pictures";
import { type Held, isFault, preload, Queue } from "./queue";
import { type AnswerBody, type Entry, openStore } from "./store";
import { claimTab } from "./tab";
import { begun, learnt, LINKS, type Notice, spoken, type View } from "./view";

/** Milliseconds that a hint is shown, unless something else happens first. */
const HINT = 8_000;
/** What an answer weighs in training whose giver is not sure. */
const DOUBTED = 0.5;

/** An answer of this browser, with the names that its classes have now. */
function named(entry: Entry, project: Project): Entry {
  const since = project.renames.slice(entry.renames ?? 0);
  const body = entry.body as AnswerBody;
  return since.length === 0 ? entry : { ...entry, body: { ...body, value: renamed(body.value, since) } };
}

export class Desk {
  view: View = begun();
  readonly queue = new Queue(() => Number(localStorage.getItem("querist.reserve") ?? "20"));
  private outbox: Outbox | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly channel = new BroadcastChannel("querist");
  private chain: Promise<unknown> = Promise.resolve();
  private shownAt = performance.now();
  private hiddenAt: number | null = null;
  private away = 0;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private parity = false;
  /** something has changed on the server while the page was opening */
  private behind = false;
  /** entries on their way to the disk of the browser: the person does not wait for it, and they do not show as saved */
  private unwritten = 0;
  private writing: Promise<unknown> = Promise.resolve();
  /** what an undo takes back: the newest answer of this tab, else of all */
  private last: Entry | undefined;
  /** what was begun at work before a look back */
  private stash: Draft | null = null;
  /** what was begun for items that an undo has put back, by query */
  private readonly aside = new Map<string, Draft>();

  listen(run: () => void): () => void {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }

  set(part: Partial<View>): void {
    this.view = { ...this.view, ...part };
    for (const run of this.listeners) run();
  }

  draft(part: Partial<Draft>): void {
    this.set({ draft: { ...this.view.draft, touched: true, ...part }, notice: null });
  }

  /** Said aloud by a screen reader; the same words twice are said twice. */
  say(text: string): void {
    this.parity = !this.parity;
    this.set({ saying: this.parity ? text : `${text}\u00a0` });
  }

  /** Said aloud, and shown over the item's foot for a while. */
  hint(text: string): void {
    const notice: Notice = { kind: "hint", text };
    this.set({ notice });
    this.say(text);
    setTimeout(() => {
      if (this.view.notice === notice) this.set({ notice: null });
    }, HINT);
  }

  /** One thing after the other: no press is lost and none meets a half-made state. */
  act(run: () => Promise<void>): Promise<void> {
    const next = this.chain.then(run).catch((fault: unknown) => {
      this.set({ notice: { kind: "fault", text: fault instanceof Error ? fault.message : String(fault) } });
    });
    this.chain = next;
    return next;
  }

  async start(): Promise<void> {
    this.queue.tab = await claimTab();
    const project = await api.project();
    const user = localStorage.getItem("querist.user") ?? "me";
    const store = await openStore();
    const settled = (entry: Entry, reply: { labelled?: number } | null): void => {
      this.settled(entry, reply);
      this.changed();
    };
    this.outbox = new Outbox(store, call, tabLock, `${user}@${project.id}`, settled);
    // what waits is counted before anything shows: the page never says "Saved" too early
    const entries = await this.outbox.all();
    this.set({ project, lasting: store.lasting, ...this.counted(entries, project) });
    this.queue.left = Math.max(0, project.items - project.labelled - project.skipped - project.rejected);
    this.channel.onmessage = (event: MessageEvent<Record<string, unknown>>) => {
      if (event.data["outbox"]) void this.recount();
      if (event.data["session"]) void this.drain();
    };
    this.watch();
    await Promise.all([this.drain(), this.refill()]);
    if (this.behind) await this.refresh();
  }

  /** The tabs share one outbox: the others count anew. */
  private changed(): void {
    this.channel.postMessage({ outbox: true });
  }

  private watch(): void {
    addEventListener("online", () => void this.again());
    addEventListener("offline", () => this.set({ link: "offline", why: null }));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.hiddenAt = performance.now();
      else if (this.hiddenAt !== null) {
        this.away += performance.now() - this.hiddenAt;
        this.hiddenAt = null;
      }
    });
    // what was not answered goes back at once when the tab closes; what waits to be sent is kept
    addEventListener("pagehide", () => {
      const queries = this.heldQueries().filter((query) => query);
      if (queries.length > 0) void call("POST", "/return", { queries }, true).catch(() => undefined);
    });
    addEventListener("beforeunload", (event) => {
      if (this.unwritten > 0) event.preventDefault();
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    setInterval(() => void this.renew(), 60_000);
  }

  private heldQueries(): string[] {
    const held = this.view.current && !this.view.current.from ? [this.view.current.query] : [];
    return [...held, ...this.queue.all().map((one) => (one.from ? "" : one.query))];
  }

  private async renew(): Promise<void> {
    const waiting = (await this.outbox?.all()) ?? [];
    const queries = waiting.flatMap((entry) => (entry.state === "waiting" && entry.lease ? [entry.lease.query] : []));
    if (this.view.current && !this.view.current.from) queries.push(this.view.current.query);
    await this.queue.renew(queries).catch(() => undefined);
  }

  /** The way is open again, it seems: send and ask at once. */
  async again(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.tries = 0;
    await Promise.all([this.drain(), this.refill()]);
    void this.refresh();
  }

  /** One try is ahead at most: answers and queue that fail together count once, and none puts it off. */
  private later(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void Promise.all([this.drain(), this.refill()]);
    }, backOff(this.tries));
    this.tries += 1;
  }

  async drain(): Promise<void> {
    if (!this.outbox) return;
    const before = this.view.link;
    if (before !== "up" && (await this.elsewhere())) return;
    const { link, why } = await this.outbox.drain().catch((fault: unknown): Drained => {
      const text = `The browser could not read what it keeps: ${String(fault)}`;
      this.set({ notice: { kind: "fault", text } });
      return { link: "server", why: text };
    });
    if (link === "up") {
      this.tries = 0;
      if (before !== "up") this.say("Connected again. Everything is saved.");
    } else {
      if (before === "up") this.say(LINKS[link]);
      this.later();
    }
    this.set({ link, why });
    await this.recount();
  }

  /** Another project is served at this address by now: the page begins anew, and nothing of this one is sent there. */
  private async elsewhere(): Promise<boolean> {
    const now = await api.project().catch(() => null);
    return now !== null && this.strange(now);
  }

  private strange(now: Project): boolean {
    if (!this.view.project || now.id === this.view.project.id) return false;
    void this.writing.then(() => location.reload()); // the person is not asked about what the page does by itself
    return true;
  }

  async recount(): Promise<void> {
    const entries = (await this.outbox?.all()) ?? [];
    const { project } = this.view;
    if (project) this.set(this.counted(entries, project));
  }

  /** What the outbox holds, for the page. */
  private counted(entries: Entry[], project: Project): Partial<View> {
    const waiting = entries.filter((entry) => entry.state === "waiting" || entry.why === "unsent").length;
    const known = new Set<string>();
    const history: Entry[] = [];
    for (const entry of entries.reverse()) {
      const item = entry.item?.id ?? "";
      if (entry.op !== "answer" || entry.state === "undone" || entry.state === "refused" || known.has(item)) continue;
      known.add(item);
      history.push(named(entry, project));
    }
    const refused = entries.filter((entry) => entry.state === "refused" && entry.op === "answer").map((entry) => named(entry, project));
    this.last = history.find((entry) => entry.tab === this.queue.tab) ?? history[0];
    const { seen } = this.view;
    const place = history.findIndex((entry) => entry.key === seen?.key);
    const looking = seen ? Math.max(0, place) : null;
    return { waiting: waiting + this.unwritten, history: history.slice(0, 30), refused, looking };
  }

  private settled(entry: Entry, reply: { labelled?: number } | null): void {
    const { project } = this.view;
    if (project && typeof reply?.labelled === "number") {
      this.set({ project: { ...project, labelled: reply.labelled } });
    }
    if (entry.op === "undo") this.redraw(entry);
    if (entry.op === "answer" && entry.state === "late") {
      this.hint(`Kept, not counted: ${entry.why ?? "it came too late"}`);
    }
    if (entry.op === "answer" && entry.state === "refused") {
      this.set({ notice: { kind: "fault", text: `Not accepted: ${entry.why ?? "no reason given"}` } });
    }
  }

  async refill(): Promise<void> {
    const { project } = this.view;
    if (!project) return;
    const entries = (await this.outbox?.all()) ?? [];
    const pending = entries.filter((entry) => entry.state === "waiting" && entry.op === "answer");
    const busy = (): string[] => [
      ...(this.view.current ? [this.view.current.query] : []),
      ...pending.flatMap((entry) => (entry.handed ? [entry.handed.query] : [])),
    ];
    const items = new Set(pending.map((entry) => entry.item?.id ?? ""));
    const taken = (item: string): boolean => item === this.view.current?.item.id || items.has(item);
    try {
      this.queue.dropExpired();
      await this.queue.fill(learnt(project), busy, taken);
      if (this.view.link !== "up" && this.view.waiting === 0) this.set({ link: "up", why: null });
    } catch (fault) {
      if (!isFault(fault)) throw fault;
      const link: Link = fault.status === 0 ? "offline" : fault.status === 401 || fault.status === 403 ? "session" : "server";
      this.set({ link, why: fault.message });
      this.later();
    }
    if (this.view.current) return;
    this.show(this.queue.take());
    if (this.view.current) this.say(this.next());
  }

  /** The item at work, in words. */
  private next(): string {
    return this.view.current ? `Next: ${spoken(this.view.current)}` : "";
  }

  show(held: Held | null, draft?: Draft): void {
    const task = this.view.project?.task ?? "single";
    this.shownAt = performance.now();
    this.away = 0;
    const kept = draft ?? this.aside.get(held?.query ?? "") ?? draftOf(held?.previous ?? null, task);
    this.aside.delete(held?.query ?? "");
    this.set({
      current: held,
      draft: this.fit(kept),
      looking: null,
      seen: null,
      notice: null,
      flagged: held?.flag ?? false,
      find: null,
      empty: held ? null : this.emptyWords(),
    });
  }

  private fit(draft: Draft): Draft {
    return fitted(draft, this.view.project?.classes ?? []);
  }

  /** The item at work goes back to the queue, with what was begun for it. */
  private setAside(): void {
    const { current, draft, seen } = this.view;
    if (!current) return;
    this.aside.set(current.query, (seen && this.stash) || draft);
    this.queue.putBack(current);
  }

  /** The server has named the undone answer; it knows new names of classes. */
  private redraw(entry: Entry): void {
    const { current, draft, project, seen } = this.view;
    const previous = entry.reply?.previous;
    if (!previous || current?.from !== entry.key || draft.touched || seen) return;
    this.set({ draft: draftOf(previous, project?.task ?? "single") });
  }

  private emptyWords(): string {
    if (this.view.link !== "up") return "offline";
    return this.queue.why ?? "waiting";
  }

  /** What is in front of the person: the item at work or one of the history. */
  shown(): Held | null {
    const { seen, current } = this.view;
    return seen ? seen.handed : current;
  }

  async submit(): Promise<void> {
    const { project, draft } = this.view;
    if (!project || !this.shown()) return;
    const made = madeOf(draft, project.task, project.number);
    if ("fault" in made) return this.hint(made.fault);
    await this.answer(made.kind, made.value);
  }

  async answer(kind: Kind, value: Value): Promise<void> {
    const { project, draft, looking } = this.view;
    const held = this.shown();
    if (!project || !held || !this.outbox) return;
    const seconds = Math.min(3_600, Math.max(0, performance.now() - this.shownAt - this.away) / 1000);
    const before = guessBefore(project, held.suggestion, looking).length > 0;
    const body: AnswerBody = {
      kind,
      value,
      rationale: rationaleOf(draft),
      weight: draft.doubt && kind === "label" ? DOUBTED : null,
      note: draft.note.trim() || null,
      seconds: Math.round(seconds * 100) / 100,
      shown: before,
    };
    const { picture: _, from, ...handed } = held;
    let source = from ?? null;
    if (looking !== null) source = this.takeAgain(held);
    const lease = source ? null : { query: held.query, fence: held.fence };
    const key = crypto.randomUUID();
    const kept = this.write({ key, tab: this.queue.tab, op: "answer", item: held.item, handed, lease, from: source, body, renames: project.renames.length });
    if (held.picture) keepPicture(held.item.id, held.picture);
    const late = project.settings.suggestions === "after" || (project.settings.suggestions === "before" && project.task === "spans");
    const guess = late ? held.suggestion : null;
    const words = said(kind, value);
    this.set({ last: { text: words, guess } });
    if (looking === null) this.show(this.queue.take());
    else this.restoreCurrent();
    kept.then(
      async () => {
        await this.outbox?.forget(this.view.refused.filter((one) => one.item?.id === held.item.id).map((one) => one.key));
        await this.sendAndSay(looking === null ? words : `changed to ${words}`);
      },
      (fault: unknown) => {
        this.setAside();
        this.show(held, draft);
        this.set({ notice: { kind: "fault", text: `This browser could not keep the answer: ${String(fault)}` } });
      },
    );
  }

  /** Keep an entry; the order of the calls is the order of the entries. */
  private write(entry: Parameters<Outbox["add"]>[0]): Promise<void> {
    this.unwritten += 1;
    this.set({ waiting: this.view.waiting + 1 });
    const kept = (this.outbox?.add(entry) ?? Promise.reject(new Error("not open"))).finally(() => {
      this.unwritten -= 1;
    });
    kept.then(() => this.changed(), () => undefined);
    this.writing = Promise.allSettled([this.writing, kept]);
    return kept;
  }

  /** All that was pressed is kept and counted. */
  private async written(): Promise<void> {
    await this.writing;
    await this.recount();
  }

  private async sendAndSay(words: string): Promise<void> {
    await this.drain();
    const kept = this.view.link === "up" ? "Saved." : "Kept in this browser.";
    this.say(`${words}. ${kept} ${this.next()}`.trim());
    await this.refill();
  }

  private takeAgain(held: Held): string {
    const key = crypto.randomUUID();
    const plain = { tab: this.queue.tab, item: held.item, handed: null, lease: null, from: null, body: null };
    this.write({ key, op: "take", ...plain }).catch(() => undefined);
    return key;
  }

  private restoreCurrent(): void {
    const { current, project } = this.view;
    const draft = this.stash ?? draftOf(current?.previous ?? null, project?.task ?? "single");
    this.stash = null;
    this.set({ draft: this.fit(draft), looking: null, seen: null, notice: null, flagged: current?.flag ?? false });
    this.shownAt = performance.now();
  }

  async undo(): Promise<void> {
    if (!this.outbox) return;
    await this.written();
    const last = this.last;
    if (!last?.handed || !last.item) return this.undoElsewhere();
    const back: Held = { ...last.handed };
    const picture = pictures.get(last.item.id);
    if (picture) back.picture = picture;
    if (await this.outbox.withdraw(last.key)) {
      this.changed();
      if (last.from) back.from = last.from;
    } else {
      await this.outbox.mark(last.key, { state: "undone", why: last.state === "waiting" ? "unsent" : null });
      back.from = crypto.randomUUID();
      const plain = { tab: this.queue.tab, item: last.item, handed: null, lease: last.lease, from: last.key, body: null };
      await this.write({ key: back.from, op: "undo", ...plain });
    }
    this.setAside();
    const body = last.body as AnswerBody;
    const draft = draftOf({ ...body }, this.view.project?.task ?? "single");
    if (draft.mode === "plain") draft.label = body.kind === "label" ? draft.label : null;
    this.show(back, draft);
    this.set({ last: null });
    this.say(`Undone: ${said(body.kind, body.value)}. The item is back.`);
    await this.recount();
    void this.drain();
  }

  /** Nothing of this browser is left to undo: the server may know an answer from elsewhere. */
  private async undoElsewhere(): Promise<void> {
    try {
      const { handed } = await call<{ handed: Handed }>("POST", "/undo", { key: crypto.randomUUID(), tab: this.queue.tab });
      await preload(handed);
      this.setAside();
      this.show(handed);
      this.say("Undone. The item is back.");
    } catch (fault) {
      this.hint(isFault(fault) && fault.status === 0 ? "Offline: nothing to undo here." : "There is nothing to undo.");
    }
  }

  async look(step: number): Promise<void> {
    await this.written();
    const { looking, history, project } = this.view;
    const next = (looking ?? -1) + step;
    if (next < 0) {
      if (looking === null) return this.hint("This is the newest item.");
      this.restoreCurrent();
      return this.say("Back at work.");
    }
    this.lookAt(Math.min(next, history.length - 1), project);
  }

  lookAt(index: number, project = this.view.project): void {
    const entry = this.view.history[index];
    if (!entry?.handed) return this.hint("No earlier answers in this browser.");
    const body = entry.body as AnswerBody;
    if (this.view.seen === null) this.stash = this.view.draft;
    const draft = this.fit(draftOf(body, project?.task ?? "single"));
    this.set({ looking: index, seen: entry, draft, notice: null, flagged: entry.handed.flag });
    this.say(`Answer ${index + 1} back: ${said(body.kind, body.value)}. A label changes it.`);
  }

  async flag(): Promise<void> {
    const held = this.shown();
    if (!held || !this.outbox) return;
    const flag = !this.view.flagged;
    const note = this.view.draft.note.trim() || null;
    const plain = { tab: this.queue.tab, item: held.item, handed: null, lease: null, from: null };
    held.flag = flag;
    this.set({ flagged: flag });
    const { seen } = this.view;
    if (seen?.handed) await this.outbox.mark(seen.key, { handed: { ...seen.handed, flag } });
    await this.write({ key: crypto.randomUUID(), op: "flag", ...plain, body: { flag, note } });
    this.say(flag ? "Flagged." : "Flag removed.");
    await this.recount();
    void this.drain();
  }

  async dismiss(entry: Entry): Promise<void> {
    await this.outbox?.forget([entry.key]);
    await this.recount();
  }

  /** A refused answer comes back to the desk with its item; it is kept until the item is answered. */
  async answerAgain(entry: Entry): Promise<void> {
    const { item } = entry;
    if (!item) return;
    let held: Held;
    try {
      held = await call<Handed>("POST", `/items/${encodeURIComponent(item.id)}/take`, { tab: this.queue.tab });
    } catch (fault) {
      if (!isFault(fault)) throw fault;
      return this.hint(fault.message);
    }
    await preload(held);
    const { current, project } = this.view;
    if (current && current.item.id !== item.id) this.queue.putBack(current);
    this.queue.without(item.id);
    this.show(held, draftOf(entry.body as AnswerBody, project?.task ?? "single"));
    this.say(`The answer that was not accepted is back. ${this.next()}`);
  }

  async refresh(): Promise<void> {
    this.behind = !this.view.project;
    if (this.behind) return;
    try {
      const project = await api.project();
      if (this.strange(project)) return;
      const first = !learnt(this.view.project) && learnt(project);
      if (first) this.queue.warm();
      const since = project.renames.slice(this.view.project?.renames.length ?? 0);
      this.set({ project });
      if (since.length > 0) await this.follow(since);
      this.set({ draft: fitted(this.view.draft, project.classes) });
      if (this.view.link !== "up") await this.drain();
      if (!this.view.current || first) await this.refill();
    } catch (fault) {
      if (!(fault instanceof ApiFault)) throw fault;
    }
  }

  /** Classes have other names: all that was begun or comes next says them. */
  private async follow(since: Rename[]): Promise<void> {
    this.set({ draft: called(this.view.draft, since) });
    if (this.stash) this.stash = called(this.stash, since);
    for (const [query, draft] of this.aside) this.aside.set(query, called(draft, since));
    for (const { previous } of [this.view.current, ...this.queue.all()].flatMap((held) => held ?? [])) {
      if (previous?.value !== undefined) previous.value = renamed(previous.value, since);
    }
    await this.recount();
  }

  picture(held: Held): string | null {
    return held.picture ?? pictures.get(held.item.id) ?? held.item.image;
  }
}
