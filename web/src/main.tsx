/** One script for every page; the shell says which page it is. */

import { render } from "preact";
import { ItemsPage } from "./pages/items";
import { Label } from "./pages/label";
import { Open } from "./pages/open";
import { PanelPage } from "./pages/panel";
import { SettingsPage } from "./pages/settings";
import { applyTheme } from "./parts/frame";
import "./style.css";

applyTheme();
const pages = { label: Label, panel: PanelPage, items: ItemsPage, settings: SettingsPage, open: Open };
const name = document.body.dataset["page"] ?? "label";
const Page = pages[name as keyof typeof pages] ?? Label;
const root = document.getElementById("root");
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
