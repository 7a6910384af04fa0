/** The one door to the server. Faults are `ApiFault`: status 0 means that no answer came. */

import { tabName } from "./desk/tab";
import type { Brought, Panel, Project, Row, RowHistory, Settings } from "./types";

const BASE = "/api/v1";
const PATIENCE = 15_000;
const PATIENCE_FILES = 600_000;
/** Bytes of a file that the server takes. */
export const MOST_BYTES = 50 * 2 ** 20;

export class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

async function asked(address: string, how: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...how });
  } catch {
    throw new ApiFault(0, "Offline", "The server does not answer.");
  }
}

export async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const reply = await asked(BASE + path, { method, headers, keepalive, body: body === undefined ? null : JSON.stringify(body) });
  if (!reply.ok) throw await faultOf(reply);
  if (reply.status === 204) return undefined as T;
  try {
    return (await reply.json()) as T;
  } catch {
    throw new ApiFault(0, "BrokenReply", "The answer of the server was cut short.");
  }
}

async function faultOf(reply: Response): Promise<ApiFault> {
  let detail = `The server said ${reply.status}.`;
  let code = "";
  try {
    const problem = (await reply.json()) as { detail?: unknown; code?: unknown };
    if (typeof problem.detail === "string") detail = problem.detail;
    if (typeof problem.code === "string") code = problem.code;
  } catch {
    // a proxy's page or nothing: the status says enough
  }
  return new ApiFault(reply.status, code, detail);
}

const id = encodeURIComponent;

export const api = {
  open: (token: string) => call<{ user: string }>("POST", "/session", { token }),
  close: () => call<unknown>("DELETE", "/session"),
  project: () => call<Project>("GET", "/project"),
  panel: () => call<Panel>("GET", "/panel"),
  settings: (part: Partial<Settings> & { guideline?: string }) => call<unknown>("PATCH", "/settings", part),
  classes: (change: Record<string, string>) => call<unknown>("POST", "/classes", { ...change, key: crypto.randomUUID() }),
  seeds: (label: string, by: { text?: string; item?: string }) => call<{ items?: number }>("POST", "/seeds", { class: label, ...by }),
  trainer: (what: "retrain" | "resume" | "pause") => call<unknown>("POST", "/trainer", { do: what }),
  strategies: () => call<{ name: string; about?: string }[]>("GET", "/strategies"),
  items: (query: URLSearchParams) => call<{ items: Row[]; next: string | null }>("GET", `/items?${query.toString()}`),
  item: (item: string) => call<RowHistory>("GET", `/items/${id(item)}`),
  alike: (item: string) => call<{ items: Row[]; next: null }>("GET", `/items/${id(item)}/alike?limit=50`),
  link: () => call<{ link: string; seconds: number }>("POST", "/session/link", {}),
  take: (item: string) => call<unknown>("POST", `/items/${id(item)}/take`, { tab: tabName() }),
  flag: (item: string, flag: boolean, note: string | null) =>
    call<unknown>("POST", `/items/${id(item)}/flag`, { flag, note }),
};

/** A page that the server draws. Without a session it leads to another page, which is not followed. */
export async function page(path: string): Promise<Document> {
  const reply = await asked(path, { headers: { Accept: "text/html" }, redirect: "manual" });
  if (reply.type === "opaqueredirect") throw new ApiFault(401, "NoSession", "This session has ended.");
  if (!reply.ok) throw await faultOf(reply);
  try {
    return new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    throw new ApiFault(0, "BrokenReply", "The answer of the server was cut short.");
  }
}

/** Send a file; the answer may take as long as reading it does. */
export async function sent(path: string, file: File, fields: Record<string, boolean>): Promise<Brought> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  form.append("file", file);
  const reply = await fetch(BASE + path, {
    method: "POST",
    credentials: "same-origin",
    body: form,
    signal: AbortSignal.timeout(PATIENCE_FILES),
  }).catch(() => {
    throw new ApiFault(0, "Offline", "The server does not answer, or the file cannot be read any more. Choose it again.");
  });
  if (!reply.ok) throw await faultOf(reply);
  return (await reply.json()) as Brought;
}

/** Ask for a file and let the browser keep it; what its format has no place for. */
export async function exported(format: string, all: boolean): Promise<string[]> {
  const reply = await fetch(`${BASE}/export`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ format, all }),
  }).catch(() => {
    throw new ApiFault(0, "Offline", "The server does not answer.");
  });
  if (!reply.ok) throw await faultOf(reply);
  const name = /filename="?([^";]+)"?/.exec(reply.headers.get("content-disposition") ?? "")?.[1] ?? `export.${format}`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await reply.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  try {
    return JSON.parse(decodeURIComponent(reply.headers.get("querist-lost") ?? "[]")) as string[];
  } catch {
    return [];
  }
}
