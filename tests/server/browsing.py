"""Chromium for the journeys: found by QUERIST_CHROMIUM or on the PATH; without one they are skipped.

With QUERIST_SLOW_DISK=300 an answer seems to take that many milliseconds longer until it is on the browser's disk.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from server.mock_api import Mock, served
from serving import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Chromium drops keys that come before its first frame, and on a busy machine the journeys are that quick
FLAGS += ["--disable-sync", "--no-first-run", "--allow-pre-commit-input"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def serious(page: Page) -> list[Any]:
    """Serious findings of axe on a page; none is looked for where axe-core is not there, which CI does not allow."""
    if not AXE.exists():
        assert not os.environ.get("QUERIST_CI"), "axe-core is not there: npm ci in web/"
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def chromium() -> str | None:
    """Where a Chromium is, or None."""
    return os.environ.get("QUERIST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium for one file of tests; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    found = chromium()
    if not found:
        assert not os.environ.get("QUERIST_CI"), "no Chromium; set QUERIST_CHROMIUM"
        pytest.skip("no Chromium; set QUERIST_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield chrome
        finally:
            chrome.close()


def slow_disk(milliseconds: int) -> str:
    """A script that makes the flushed writes of IndexedDB seem to last longer, as on a slow or busy disk."""
    return f"""{{
        const plain = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "oncomplete");
        const set = function (run) {{
            const late = (event) => setTimeout(() => run.call(this, event), {milliseconds});
            plain.set.call(this, this.durability === "strict" ? late : run);
        }};
        Object.defineProperty(IDBTransaction.prototype, "oncomplete", {{ ...plain, set }});
    }}"""


def window(chrome: Browser, **context: Any) -> BrowserContext:
    """A window with a memory of its own, of a usual size."""
    made = chrome.new_context(viewport={"width": 1280, "height": 860}, **context)
    if milliseconds := os.environ.get("QUERIST_SLOW_DISK"):
        made.add_init_script(slow_disk(int(milliseconds)))
    return made


def watch(page: Page, faults: list[str]) -> None:
    """Keep the faults of a page; a question of the browser is one, and is answered yes."""

    def asked(dialog: Any) -> None:
        faults.append(f"dialog: {dialog.type} {dialog.message}".strip())
        dialog.accept()

    page.on("pageerror", lambda error: faults.append(f"page: {error}"))
    page.on("dialog", asked)


def kept(page: Page) -> None:
    """Wait until what was pressed is on the browser's disk: until then the page asks before it is left."""
    left = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    until(lambda: page.evaluate(left), 8, "all is on the browser's disk")


class Desk:
    """A page on a mock, and the faults that the page has shown."""

    def __init__(self, chrome: Browser, mock: Mock, url: str, **context: Any) -> None:
        self.mock, self.url = mock, url
        self.context = window(chrome, **context)
        self.context.set_default_timeout(5_000)
        self.context.add_init_script("window.pressed = []; onkeydown = event => window.pressed.push(event.key)")
        self.faults: list[str] = []
        self.page = self.tab()

    def tab(self, path: str = "/") -> Page:
        """One more tab on a page."""
        page = self.context.new_page()
        watch(page, self.faults)
        page.goto(self.url + path)
        if path == "/":
            page.wait_for_selector(".item, .nothing")
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return page

    def keys(self, *names: str) -> None:
        """Press keys one after the other."""
        for name in names:
            self.page.keyboard.press(name)

    def item(self) -> str:
        """Id of the item shown."""
        return self.page.get_attribute(".item", "data-item") or ""

    def saved(self, page: Page | None = None) -> None:
        """Wait until all is saved."""
        self.state("Saved", page)

    def told(self, count: int) -> None:
        """Wait until the mock holds this many answers and the page shows them as saved."""
        self.until(lambda: len(self.mock.told) == count)
        self.saved()

    def until(self, true: Callable[[], Any]) -> None:
        """Wait until something is true of the mock."""
        deadline = time.monotonic() + 8
        while not true():
            if time.monotonic() > deadline:
                shown = [self.page.inner_text("#save-state"), self.page.inner_text(".work")]
                raise AssertionError((shown, self.page.evaluate("window.pressed"), self.mock.calls[-20:]))
            self.page.wait_for_timeout(20)

    def reserve(self, count: int) -> None:
        """Wait until the page holds this many items, with their pictures."""

        def held() -> bool:
            items = [item for item, _ in list(self.mock.leases.values())]
            brought = not self.mock.pictures or all(
                ("GET", f"/items/{item}/image") in self.mock.calls for item in items
            )
            return len(items) >= count and brought

        self.until(held)
        self.page.wait_for_timeout(200)  # what was sent arrives

    def state(self, text: str, page: Page | None = None) -> None:
        """Wait until the mark of saving says this (the policy forbids waiting by functions in the page)."""
        from playwright.sync_api import expect

        expect((page or self.page).locator("#save-state")).to_have_text(text)

    def see(self, item: str) -> None:
        """Wait until an item is on the desk."""
        self.page.wait_for_selector(f".item[data-item='{item}']")

    def values(self) -> list[Any]:
        """What the mock was told, in order."""
        return [one["value"] for one in self.mock.told]


@contextmanager
def desk(chrome: Browser, mock: Mock, **context: Any) -> Iterator[Desk]:
    """The labelling page open on a mock; no fault of the page may be left at the end."""
    with served(mock) as url:
        made = Desk(chrome, mock, url, **context)
        try:
            yield made
        finally:
            made.context.close()
        assert made.faults == []
