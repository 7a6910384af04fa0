/** What stands around an application: the head with the ways between pages, the colours switch, the live region.
    pages/frame.html has the same around a page that the server draws. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const PAGES: [string, string][] = [
  ["/", "Label"],
  ["/panel", "Panel"],
  ["/items", "Items"],
  ["/settings", "Settings"],
];

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

export function applyTheme(): void {
  const theme = localStorage.getItem("querist.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState<Theme>((localStorage.getItem("querist.theme") as Theme | null) ?? "system");
  useEffect(() => {
    localStorage.setItem("querist.theme", theme);
    applyTheme();
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      class="quiet theme"
      aria-label={`Colours: ${theme}. Change to ${next}.`}
      title={`Colours: ${theme}`}
      onClick={() => setTheme(next)}
    >
      <svg class="sun" viewBox="0 0 20 20" aria-hidden="true" width="20" height="20">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        {theme === "system" && <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />}
        {theme === "dark" && <circle cx="10" cy="10" r="7" fill="currentColor" />}
      </svg>
      <span class="wide">{theme}</span>
    </button>
  );
}

export function Frame(props: {
  name: string;
  chip?: ComponentChildren;
  saying?: string;
  children: ComponentChildren;
}): JSX.Element {
  const here = location.pathname;
  return (
    <>
      <a class="jump" href="#main">
        Go to the content
      </a>
      <header class="head">
        <p class="brand" title={props.name}>
          {props.name || "querist"}
        </p>
        <nav aria-label="Pages">
          {PAGES.map(([path, name]) => (
            <a key={path} href={path} aria-current={here === path ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="head-end">
          {props.chip}
          <ThemeSwitch />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {props.children}
      </main>
      <div class="unseen" role="status" aria-live="polite" aria-atomic="true" id="saying">
        {props.saying ?? ""}
      </div>
    </>
  );
}

/** The server's reasons begin small and end without a point. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!…]$/.test(whole) ? whole : `${whole}.`;
}

export function Fault(props: { text: string; again?: () => void }): JSX.Element {
  return (
    <div class="banner fault" role="alert">
      <p>{sentence(props.text)}</p>
      {props.again && (
        <button type="button" onClick={props.again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Cap(props: { name: string }): JSX.Element | null {
  return props.name ? <kbd aria-hidden="true">{props.name}</kbd> : null;
}

export function ended(): JSX.Element {
  return (
    <section class="card plain">
      <h1>This session has ended</h1>
      <p>Stop the server and start it again: the terminal then prints a new one-time link. A browser that is still logged in gives one in its settings, too.</p>
      <p>Nothing is lost: answers that wait in this browser are sent when you are back.</p>
    </section>
  );
}

export function when(at: number | string | null | undefined): string {
  if (at === null || at === undefined) return "";
  const date = typeof at === "number" ? new Date(at * 1000) : new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
