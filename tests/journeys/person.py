"""A person at the labelling page for the journeys: the real command in a process of its own, and a Chromium on its link.

Every screen that a journey stops at is looked through by axe. Set QUERIST_SHOTS to a folder to keep pictures of the
screens: three widths in two colour schemes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from server.browsing import browser, serious, watch, window
from serving import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["Command", "Person", "at_page", "browser", "films", "lines", "querist", "until"]

WIDTHS = (360, 820, 1440)
_GOOD = ["wonderful", "moving", "funny", "clever", "warm", "brilliant", "gripping", "lovely", "fresh"]
_BAD = ["boring", "dull", "noisy", "clumsy", "cold", "tedious", "hollow", "ugly", "stale"]
_PLAIN = ["film", "actor", "story", "scene", "music", "ending", "plot", "camera", "evening", "sequel", "cinema", "role"]


def films(count: int, seed: int = 0, *, easy: bool = False) -> list[tuple[str, str]]:
    """Generated reviews, each with what it is: good or bad."""
    generator = np.random.default_rng(seed)
    out = []
    for k in range(count):
        kind = ("good", "bad")[int(generator.integers(2))]
        mine, other = (_GOOD, _BAD) if kind == "good" else (_BAD, _GOOD)
        words = [*generator.choice(mine, 4), *generator.choice(other, 0 if easy else 1), *generator.choice(_PLAIN, 5)]
        out.append((f"Review {k} " + " ".join(generator.permutation(words)) + ".", kind))
    return out


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default", "COLUMNS": "120"}


def querist(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of querist to its end."""
    command = [sys.executable, "-m", "querist", *arguments]
    return subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )


def lines(path: Path) -> list[dict[str, Any]]:
    """Objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Command:
    """``querist label`` or ``querist serve`` at work.

    Args:
        folder: where it is called.
        arguments: of the command.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self._errors = (folder / "stderr.txt").open("a", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "querist", *arguments, "--no-browser"],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        timer = threading.Timer(60, self._kill)
        timer.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        timer.cancel()
        if not line.startswith("Label at: http://127.0.0.1:"):
            self.stop()
            raise AssertionError((line, self.said()))
        self.link = line.removeprefix("Label at: ").strip()
        self.address = self.link.partition("/open")[0]
        self.port = self.address.rpartition(":")[2]

    def said(self) -> str:
        """What stands on stderr."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8")

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ctrl+C; it must end by itself, and well."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(20)
        finally:
            self._kill()
            self._errors.close()
            if self.process.stdout is not None:
                self.process.stdout.close()
        assert code in (0, 130), (code, self.said())
        assert "Traceback" not in self.said()


class Person:
    """A browser at the page of a command; every fault that the page shows is kept.

    Args:
        chrome: the browser.
        command: that serves.
        project: folder of the project.
        name: of the journey, for its pictures.
        context: of the browser.
    """

    def __init__(self, chrome: Browser, command: Command, project: Path, name: str, **context: Any) -> None:
        self.command, self.project, self.name = command, project, name
        self.faults: list[str] = []
        self.context = window(chrome, **context)
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self._watch(self.page)
        self.page.goto(command.link)
        self.page.wait_for_selector(".item, .nothing")

    def _watch(self, page: Page) -> None:
        watch(page, self.faults)
        page.on("console", lambda line: self.faults.append(f"console: {line.text}") if line.type == "error" else None)

    def tab(self, path: str = "/") -> Page:
        """One more tab."""
        page = self.context.new_page()
        self._watch(page)
        page.goto(self.command.address + path)
        page.wait_for_selector(".card")
        return page

    def keys(self, *names: str) -> None:
        """Press keys."""
        for name in names:
            self.page.keyboard.press(name)

    def item(self) -> str:
        """Id of the item shown."""
        return self.page.get_attribute(".item", "data-item") or ""

    def text(self) -> str:
        """Text of the item shown."""
        return self.page.locator(".item .text").text_content() or ""

    def answer(self, *names: str) -> str:
        """Answer the item shown by keys, and wait for the next one; the item's id."""
        item = self.item()
        self.keys(*names)
        self.page.wait_for_selector(f".item:not([data-item={json.dumps(item)}]), .nothing")
        return item

    def saved(self, page: Page | None = None) -> None:
        """Wait until the page says that all is saved."""
        from playwright.sync_api import expect

        expect((page or self.page).locator("#save-state")).to_have_text("Saved", timeout=15_000)

    def api(self, path: str) -> Any:
        """Ask the server as the page does."""
        reply = self.context.request.get(f"{self.command.address}/api/v1{path}")
        assert reply.ok, reply.text()
        return reply.json()

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Payloads of the journal's events of a kind, with their ``seq``."""
        with contextlib.closing(sqlite3.connect(f"file:{self.project / 'journal.db'}?mode=ro", uri=True)) as journal:
            found = journal.execute("SELECT seq, payload FROM event WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
        return [{**json.loads(payload), "seq": seq} for seq, payload in found]

    def learnt(self, seconds: float = 60.0) -> float:
        """Wait until the model has seen the newest answer; how long it took."""
        newest = self.events("told")[-1]["seq"]
        return until(lambda: self._seen() >= newest, seconds, "the model has the newest answer")

    def _seen(self) -> int:
        return max((fit["upto"] for fit in self.events("fitted")), default=-1)

    def queue(self) -> list[str]:
        """Items of the newest queue, in order."""
        newest = max(self.project.glob("artifacts/*/queue.json"), key=lambda path: path.stat().st_mtime)
        return [wanted["item"] for wanted in json.loads(newest.read_text(encoding="utf-8"))["queue"]]

    def shots(self, name: str, page: Page | None = None) -> None:
        """A screen: no serious finding of axe, and pictures where QUERIST_SHOTS names a folder."""
        page = page or self.page
        assert (name, serious(page)) == (name, [])
        folder = os.environ.get("QUERIST_SHOTS")
        if not folder:
            return
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 1000 if width > 500 else 740})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
                page.wait_for_timeout(250)
                page.screenshot(path=Path(folder) / f"{self.name}-{name}-{width}-{scheme}.png")
        page.set_viewport_size({"width": 1280, "height": 860})
        page.emulate_media(color_scheme=None)

    def exported(self, *more: str) -> list[dict[str, Any]]:
        """What ``querist export`` writes as JSONL beside the running page."""
        out = self.project.parent / "out.jsonl"
        done = querist("export", str(self.project), "--out", str(out), "--force", *more, folder=self.project.parent)
        assert done.returncode == 0, done.stderr
        return lines(out)


@contextmanager
def at_page(
    chrome: Browser, folder: Path, name: str, *arguments: str, allow: tuple[str, ...] = (), **context: Any
) -> Iterator[Person]:
    """``querist label`` with these arguments, and a person at its page; no fault may be left at the end.

    Args:
        chrome: the browser.
        folder: where the command is called; the project becomes ``project`` in it.
        name: of the journey.
        arguments: of the command.
        allow: texts of faults that belong to the journey.
        context: of the browser.
    """
    command = Command(folder, "label", *arguments, "--project", "project")
    person = None
    try:
        person = Person(chrome, command, folder / "project", name, **context)
        yield person
    finally:
        if person is not None:
            person.context.close()
            command = person.command
        command.stop()
    left = [fault for fault in person.faults if not any(text in fault for text in allow)]
    assert left == []
