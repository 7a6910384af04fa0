from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import QueristError, ResourceError, StateError
from querist.server import service as module
from querist.server.client import Client
from querist.server.logs import to_handler
from querist.server.service import Service
from serving import make, running, until


def test_what_is_made_is_private(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder) as ask, ask.server.client() as client:
        client.label(client.next()[0], "cat")
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in folder.rglob("*"):
            if path.name.endswith(".lock"):
                continue  # names the holder, for everybody
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError):
        Service(tmp_path, address="http://127.0.0.1:1", trainer=False)


def test_an_open_secret_stops_the_start_and_frees_the_project(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    (folder / "secret").write_text("00" * 32)
    os.chmod(folder / "secret", 0o644)
    for _ in range(2):
        with pytest.raises(StateError) as caught:
            Service(folder, address="http://127.0.0.1:1", trainer=False)
        assert caught.value.code == "OpenSecret"


def test_time_that_is_over_takes_items_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EXPIRE_EVERY", 0.05)
    with running(make(tmp_path / "p", 3, settings={"lease": 10.0})) as ask, ask.server.client() as client:
        handed = client.next()[0]
        desk = ask.server.service.project.desk
        clock = desk.clock
        monkeypatch.setattr(desk, "clock", _later(clock))
        until(lambda: client.item(handed["item"]["id"])["state"] == "unlabelled")


def _later(clock: Any) -> Any:
    if callable(clock) and not hasattr(clock, "now"):
        return lambda: clock() + 100

    class Later:
        def __call__(self) -> float:
            return float(clock()) + 100

        def __getattr__(self, name: str) -> Any:
            return getattr(clock, name)

    return Later()


def test_a_full_disk_refuses_the_post_and_goes_on_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(make(tmp_path / "p", 3)) as ask, ask.server.client(patience=0.0) as client:
        handed = client.next()[0]
        writer = ask.server.service.project.writer
        real: Callable[..., Any] = writer.submit

        def full(work: Any, **more: Any) -> Any:
            raise ResourceError("cannot write: out of space", code="DiskFull")

        monkeypatch.setattr(writer, "submit", full)
        with pytest.raises(ResourceError) as caught:
            client.label(handed, "cat")
        assert caught.value.code == "DiskFull"
        assert client.project()["labelled"] == 0
        monkeypatch.setattr(writer, "submit", real)
        assert client.label(handed, "cat")["counted"] is True


def test_an_answer_is_sent_after_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply waits for the commit: while the writer is held, nothing comes back."""
    import threading

    with running(make(tmp_path / "p", 3)) as ask, ask.server.client() as client:
        handed = client.next()[0]
        hold, begun = threading.Event(), threading.Event()

        def slow(work: Any) -> bool:
            begun.set()
            return hold.wait(10)

        ask.server.service.project.writer.submit(slow)
        begun.wait(5)
        said: list[Any] = []
        thread = threading.Thread(target=lambda: said.append(client.label(handed, "cat")))
        thread.start()
        thread.join(0.3)
        assert said == []
        assert ask("GET", "/api/v1/project").status == 200  # reading does not wait
        hold.set()
        thread.join(10)
        assert said[0]["counted"] is True


def test_a_long_read_holds_up_no_hand_out(tmp_path: Path) -> None:
    with running(make(tmp_path / "p", 3)) as ask, ask.server.client() as client, ask.server.service.overview._lock:
        handed = client.next()[0]
        assert client.label(handed, "cat")["counted"] is True
        assert ask("GET", "/health").status == 200


def test_logs_hold_no_data(tmp_path: Path) -> None:
    words = ("item 1", "é😀", "a note of mine", "cat", "secret-class")
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = to_handler(Kept())
    try:
        with running(make(tmp_path / "p", 5)) as ask, ask.server.client() as client:
            link = ask.server.link()
            handed = client.next()[0]
            client.label(handed, "cat", note="a note of mine")
            client.add_class("secret-class")
            list(client.items(text="é😀"))
            client.export("csv")
            ask("GET", f"/nothing/{link.partition('#')[2]}?token={ask.session}")
    finally:
        logging.getLogger("querist.server").removeHandler(handler)
    text = "\n".join(lines)
    assert '"route": "/api/v1/answers"' in text
    for word in (
        *words,
        link.partition("#")[2],
        ask.session,
        str(client.session),
        str(tmp_path),
        handed["item"]["id"] + '"',
    ):
        assert word not in text
    entry = json.loads(next(line for line in lines if "/api/v1/answers" in line))
    assert set(entry) == {"at", "event", "id", "method", "route", "status", "ms"}


def test_what_killed_servers_left_is_cleared(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    left = folder / ".new-serve-abc" / "import-x"
    left.mkdir(parents=True)
    (left / "half.csv").write_text("id,te", encoding="utf-8")
    with running(folder):
        assert [p.name for p in folder.glob(".new-serve-*") if p.name == ".new-serve-abc"] == []
    assert list(folder.glob(".new-serve-*")) == []


def test_classes_wait_for_an_import_and_reads_do_not(tmp_path: Path) -> None:
    files = [tmp_path / f"{k}.csv" for k in range(5)]
    for file in files:
        file.write_text("id,text\nz,a text\n", encoding="utf-8")
    with running(make(tmp_path / "p", 3)) as ask, ask.server.client() as client:
        project = ask.server.service.project
        with project.importing:
            threads = [threading.Thread(target=ask.server.client().import_file, args=(file,)) for file in files]
            for thread in threads:
                thread.start()
            time.sleep(0.3)
            assert client.project()["items"] == 3, "nobody who reads waits"
            with pytest.raises(StateError, match="a file is being imported") as caught:
                client.add_class("bird")
            assert caught.value.code == "Importing"
        for thread in threads:
            thread.join(30)
        assert client.project()["items"] == 4
        client.add_class("bird")


def test_a_server_that_stops_ends_an_import_and_says_so(tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_text("id,text\n" + "".join(f"k{k},text number {k}\n" for k in range(300_000)), encoding="utf-8")
    faults: list[QueristError] = []

    def send(client: Client) -> None:
        try:
            client.import_file(big)
        except QueristError as error:
            faults.append(error)

    with running(make(tmp_path / "p", 3)) as ask:
        thread = threading.Thread(target=send, args=(ask.server.client(),))
        thread.start()
        until(ask.server.service.project.importing.locked)
        time.sleep(0.5)
    thread.join(20)
    assert [fault.code for fault in faults] == ["Closed"]
    with running(tmp_path / "p") as ask, ask.server.client() as client:
        assert client.project()["items"] == 3


def test_a_change_of_classes_is_made_once_for_a_key(tmp_path: Path) -> None:
    key = "0e9f8b5c-5a5f-4ae3-9b0b-0123456789ab"
    with running(make(tmp_path / "p", 3)) as ask:
        for _ in range(2):
            said = ask("POST", "/api/v1/classes", {"add": "bird", "key": key})
            assert (said.status, [c["name"] for c in said.json["classes"]]) == (200, ["cat", "dog", "bird"])
        assert ask("POST", "/api/v1/classes", {"add": "cow", "key": key}).code == "KeyReused"
        assert ask("POST", "/api/v1/classes", {"add": "bird"}).status == 422
