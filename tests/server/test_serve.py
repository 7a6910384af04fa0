from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from querist.core.errors import ArgumentError, ResourceError, StateError
from querist.server.client import Client
from querist.server.ports import last_port
from querist.server.serve import Server, check_host, serve
from serving import make, running


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.2", "localhost.", "0"])
def test_row_52_another_host_is_refused_with_what_is_missing(tmp_path: Path, host: str) -> None:
    with pytest.raises(ArgumentError, match="this machine only") as caught:
        serve(tmp_path / "nothing", host=host, background=True)
    assert caught.value.code == "NotLoopback"
    for missing in ("accounts with passwords", "Host", "TLS"):
        assert missing in str(caught.value)


def test_loopback_names_are_taken() -> None:
    assert [check_host(h) for h in ("127.0.0.1", "localhost", "::1")] == ["127.0.0.1", "localhost", "::1"]


@pytest.mark.parametrize("port", [-1, 65_536, True])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(ArgumentError, match="65535"):
        Server(tmp_path, port=port)


def test_it_listens_on_the_loopback_alone(tmp_path: Path) -> None:
    with running(make(tmp_path / "p", 3)) as ask:
        assert ask.server._socket.getsockname()[0] == "127.0.0.1"
        assert str(ask.server) == f"http://127.0.0.1:{ask.server.port}"
        with pytest.raises(ResourceError, match=str(ask.server.port)) as caught:
            Server(tmp_path / "q", port=ask.server.port)
        assert caught.value.code == "PortTaken"


def test_two_starts_have_the_same_address(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder) as first:
        address = first.server.address
    with running(folder) as second:
        assert second.server.address == address
        assert second.server.note is None


def test_a_port_that_was_taken_meanwhile_is_said_with_the_way_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder) as ask:
        old = ask.server.port
    with socket.create_server(("127.0.0.1", old)):
        server = serve(folder, background=True, trainer=False)
        server.stop()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for part in (f"port {old}", f"belong to http://127.0.0.1:{old}:", f"--port {old}"):
        assert part in said
    assert server.port != old
    with running(folder) as ask:
        assert ask.server.port == server.port
    with running(folder, port=old) as ask:
        assert (ask.server.port, ask.server.note) == (old, None)
    with running(folder) as ask:
        assert ask.server.port == old


def test_a_second_server_changes_nothing_that_is_remembered(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder) as ask:
        with pytest.raises(StateError, match="open in process"):
            Server(folder)
        assert last_port(folder) == ask.server.port


def test_in_the_background_and_gone_again(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    before = set(threading.enumerate())
    server = serve(folder, background=True, trainer=False)
    with server.client() as client:
        assert client.project()["items"] == 3
    server.stop()
    server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    assert left == []
    assert not list(folder.glob(".new-*"))
    Server(folder, trainer=False).start().stop()  # the project is free again


def test_r14_a_second_server_is_refused_at_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder):
        began = time.monotonic()
        with pytest.raises(StateError, match=rf"process {os.getpid()} ") as caught:
            Server(folder)
        assert caught.value.code == "Locked"
        assert time.monotonic() - began < 1


def start(folder: Path) -> tuple[subprocess.Popen[str], Client]:
    code = f"from querist.server.serve import serve; serve({str(folder)!r}, trainer=False)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, Client(child.stdout.readline().strip())


def test_r14_a_killed_holder_leaves_the_project_free(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    child, client = start(folder)
    with pytest.raises(StateError, match=f"process {child.pid} "):
        Server(folder)
    child.kill()
    child.communicate()
    client.close()
    Server(folder, trainer=False).start().stop()


def test_r15_stopping_finishes_what_was_accepted(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 400, settings={"validation": 0.0})
    child, first = start(folder)
    said: list[str] = []
    faults: list[str] = []

    def person() -> None:
        with Client(first.address, session=first.session, patience=0.0) as client:
            try:
                while True:
                    for handed in client.next(1):
                        if client.label(handed, "cat")["counted"]:
                            said.append(handed["item"]["id"])
            except (ResourceError, StateError) as error:
                faults.append(error.code)

    people = [threading.Thread(target=person) for _ in range(4)]
    for one in people:
        one.start()
    time.sleep(0.7)
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert child.wait(15) == 0
    assert time.monotonic() - began < 10
    for one in people:
        one.join()
    child.communicate()
    first.close()
    assert len(said) > 10
    assert set(faults) <= {"NoServer", "Closed", "BadReply"}
    with running(folder) as ask, ask.server.client() as client:
        kept = {item["id"] for item in client.items(state="labelled")}
    assert set(said) <= kept
    assert len(kept) - len(said) <= 4  # one a client may have been on its way


def test_a_request_that_is_being_worked_on_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(make(tmp_path / "p", 3)) as ask:
        import asyncio

        begun = threading.Event()
        real = ask.server.service.project_now

        async def slow() -> object:
            begun.set()
            await asyncio.sleep(0.5)
            return await real()

        monkeypatch.setattr(ask.server.service, "project_now", slow)
        out: list[int] = []
        one = threading.Thread(target=lambda: out.append(ask("GET", "/api/v1/project").status))
        one.start()
        begun.wait(5)
        ask.server.stop()
        one.join()
        assert out == [200]


def test_small_answers_are_sent_at_once(tmp_path: Path) -> None:
    """Without TCP_NODELAY every answer on a kept connection waits 40 ms for an acknowledgement."""
    with running(make(tmp_path / "p", 3)) as ask:
        line = http.client.HTTPConnection("127.0.0.1", ask.server.port)
        times = []
        for _ in range(20):
            began = time.perf_counter()
            line.request("GET", "/health")
            line.getresponse().read()
            times.append(time.perf_counter() - began)
        line.close()
        assert min(times) < 0.02
