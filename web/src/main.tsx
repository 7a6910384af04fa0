/** One script for every page; the body says which page it is. */

import { type JSX, render } from "preact";
import { ItemsPage } from "./pages/items";
import { Label } from "./pages/label";
import { Open } from "./pages/open";
import { LivePanel } from "./pages/panel";
import { SettingsPage } from "./pages/settings";
import { applyTheme, ThemeSwitch } from "./parts/frame";
import "./style.css";

applyTheme();
const pages = { label: Label, items: ItemsPage, settings: SettingsPage, open: Open };
const name = document.body.dataset["page"] ?? "label";

function put(thing: JSX.Element, id: string): void {
  const place = document.getElementById(id);
  if (!place) return;
  place.replaceChildren();
  render(thing, place);
}

if (name === "panel") {
  // drawn by the server: it gets what needs a script
  put(<ThemeSwitch />, "head-end");
  put(<LivePanel />, "live");
} else {
  const Page = pages[name as keyof typeof pages] ?? Label;
  put(<Page />, "root");
}
