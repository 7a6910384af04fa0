"""Chromium for the journeys: found by QUERIST_CHROMIUM or on the PATH; without one they are skipped."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from server.mock_api import Mock, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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


class Desk:
    """A page on a mock, and the faults that the page has shown."""

    def __init__(self, chrome: Browser, mock: Mock, url: str, **context: Any) -> None:
        self.mock, self.url = mock, url
        self.context = chrome.new_context(viewport={"width": 1280, "height": 860}, **context)
        self.context.set_default_timeout(5_000)
        self.context.add_init_script("window.pressed = []; onkeydown = event => window.pressed.push(event.key)")
        self.faults: list[str] = []
        self.page = self.tab()

    def tab(self, path: str = "/") -> Page:
        """One more tab on a page."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
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
        deadline = time.monotonic() + 8
        while len(self.mock.told) != count and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        pressed = self.page.evaluate("window.pressed")
        shown = (self.page.inner_text("#save-state"), self.page.inner_text(".work"), len(self.mock.posts), pressed)
        assert len(self.mock.told) == count, shown
        self.saved()

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
