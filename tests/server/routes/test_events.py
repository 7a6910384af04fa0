from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Asker, make, running, until


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 6)) as ask:
        yield ask


class Ear:
    """Listens in a thread."""

    def __init__(self, ask: Asker) -> None:
        self.lines: list[str] = []
        self.connection = http.client.HTTPConnection("127.0.0.1", ask.server.port, timeout=10)
        headers = {"Origin": ask.server.address, "Cookie": ask.cookie}
        self.connection.request("GET", "/api/v1/events", headers=headers)
        self.response = self.connection.getresponse()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        try:
            while line := self.response.readline():
                self.lines.append(line.decode().rstrip("\n"))
        finally:
            self.response.close()
            self.connection.close()

    def hears(self, text: str) -> bool:
        return any(text in line for line in self.lines)


def test_what_happens_is_heard(ask: Asker) -> None:
    ear = Ear(ask)
    assert ear.response.status == 200
    assert ear.response.getheader("content-type") == "text/event-stream; charset=utf-8"
    until(lambda: ear.hears(": hello"))
    client = ask.server.client()
    client.label(client.next()[0], "cat")
    until(lambda: ear.hears("event: queue"))
    until(lambda: ear.hears('data: {"labelled": 1}'))
    client.settings(advance=False)
    until(lambda: ear.hears("event: project"))
    assert not ear.hears("item ")  # no contents


def test_streams_are_bounded(ask: Asker) -> None:
    ask.server.service.hub._most = 1
    ear = Ear(ask)
    until(lambda: ear.hears("hello"))
    said = ask("GET", "/api/v1/events")
    assert (said.status, said.code) == (503, "Busy")


def test_a_listener_that_leaves_is_forgotten(ask: Asker) -> None:
    ear = Ear(ask)
    until(lambda: len(ask.server.service.hub) == 1)
    ear.response.fp.raw._sock.shutdown(2)  # type: ignore[union-attr]
    until(lambda: not ear.thread.is_alive())

    def gone() -> bool:
        ask.server.service.hub.send("queue", {})
        return len(ask.server.service.hub) == 0

    until(gone)


def test_logging_out_ends_the_stream(ask: Asker) -> None:
    ear = Ear(ask)
    until(lambda: ear.hears("hello"))
    assert ask("DELETE", "/api/v1/session").status == 204
    ask.server.service.hub.send("queue", {"left": 5})
    until(lambda: not ear.thread.is_alive())
    assert not ear.hears("left")


def test_stopping_ends_the_stream(ask: Asker) -> None:
    ear = Ear(ask)
    until(lambda: ear.hears("hello"))
    ask.server.stop()
    until(lambda: not ear.thread.is_alive())


def test_health_says_one_word(ask: Asker) -> None:
    assert ask("GET", "/health", anonymous=True).json == {"status": "up"}
