from __future__ import annotations

import inspect
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import ArgumentError, ResourceError, StateError, UnknownNameError
from querist.server.app import build, routes_of
from querist.server.client import Client, Reply
from serving import Asker, make, running, until

HANDED = {"query": "q", "fence": 1, "item": {"id": "a"}}
FILE = Path(__file__)


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 12, settings={"validation": 0.0})) as ask:
        yield ask


def test_it_does_all_that_the_page_does(ask: Asker, tmp_path: Path) -> None:
    with ask.server.client() as client:
        assert client.user == "me"
        one, two, three, four, five = client.next(5)
        assert (
            client.label(one, "cat", seconds=2.0, shown=True, note="n", rationale={"words": [[0, 4]]})["labelled"] == 1
        )
        assert client.distribution(two, {"cat": 0.5, "dog": 0.5})["labelled"] == 2
        assert client.skip(three)["state"] == "skipped"
        assert client.reject(four)["state"] == "rejected"
        back = client.undo()
        assert back["item"]["id"] == four["item"]["id"]
        client.renew([five["query"], back["query"]])
        client.give_back([five["query"], back["query"]])
        assert client.take("i3")["item"]["id"] == "i3"
        client.flag("i3", note="look")
        assert [item["id"] for item in client.items(flag=True)] == ["i3"]
        assert len(list(client.items(limit=5))) == 12
        assert client.item("i3")["flag"] is True
        client.add_class("bird")
        client.rename_class("bird", "owl")
        assert client.class_key("owl", "o")["settings"]["class_keys"] == {"owl": "o"}
        with pytest.raises(ArgumentError, match="'reject'"):
            client.class_key("owl", "x")
        client.merge_class("owl", "dog")
        assert [c["key"] for c in client.project()["classes"]] == [None, "o"]
        assert client.class_key("dog", None)["settings"]["class_keys"] == {}
        assert [c["name"] for c in client.project()["classes"]] == ["cat", "dog"]
        assert client.settings(advance=False)["settings"]["advance"] is False
        free = len(list(client.items(state="unlabelled", text="item 1")))  # of 1, 10 and 11
        assert client.seeds("cat", "item 1") == free
        with pytest.raises(StateError, match="not made yet"):
            client.seeds("cat", item="i3")
        assert client.panel()["classes"]
        assert client.strategies()
        client.export("jsonl", tmp_path / "out.jsonl", all=True)
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 12
        (tmp_path / "more.jsonl").write_text('{"id": "new", "text": "a new text"}\n')
        assert client.import_file(tmp_path / "more.jsonl")["items"] == 1
        with Client(client.link()) as other:
            assert other.user == "me"
        with Client(client.address, session=client.session) as same:
            assert same.project()["items"] == 13
        with pytest.raises(StateError, match="trainer"):
            client.trainer("pause")
        client.log_out()
        with pytest.raises(StateError) as caught:
            client.project()
        assert caught.value.code == "NoSession"


def test_an_answer_is_taken_back_by_its_hand_out(ask: Asker) -> None:
    with ask.server.client() as client, Client(client.link()) as other:
        (one,), (two,) = client.next(), other.next()
        said = client.label(one, "cat")
        other.label(two, "dog")
        assert client.undo(said["query"])["item"]["id"] == one["item"]["id"]
        with pytest.raises(StateError) as caught:
            client.undo(one["query"])
        assert caught.value.code == "NothingToUndo"
        assert other.item(two["item"]["id"])["value"] == "dog"


def test_what_is_left_and_why_no_more_came_can_be_read(ask: Asker) -> None:
    with ask.server.client() as client:
        assert (client.left, client.why) == (None, None)
        handed = client.next(5)
        assert (client.left, client.why) == (12, None)
        handed += client.next(20, have=[one["query"] for one in handed])
        assert (len(handed), client.left, client.why) == (12, 12, "all handed out")
        for one in handed:
            client.skip(one)
        assert client.next() == []
        assert (client.left, client.why) == (0, "exhausted")


NO_METHOD = {
    ("GET", "/health"): "for watchers of the process, who are not logged in",
    ("GET", "/api/v1/openapi.json"): "for tools that make clients",
}
"""Routes that no method of the client calls, each with its reason."""
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "answer": (HANDED, "label", "cat"), "label": (HANDED, "cat"), "distribution": (HANDED, {"cat": 1.0}),
    "skip": (HANDED,), "reject": (HANDED,), "give_back": (["q"],), "renew": (["q"],), "take": ("a/b",),
    "flag": ("a/b",), "item": ("a/b",), "alike": ("a/b",), "image": ("a/b",), "add_class": ("owl",),
    "class_key": ("owl", "o"), "rename_class": ("owl", "bird"), "merge_class": ("owl", "bird"), "seeds": ("cat",),
    "trainer": ("pause",), "export": ("csv",), "import_file": (FILE,), "check_file": (FILE,),
}  # fmt: skip


class Recorded(Client):
    """Sends nothing, and keeps what it would send."""

    def __init__(self) -> None:
        self.address, self.tab, self.session, self._connection = "http://127.0.0.1:1", "t", "s", None
        self._lock = threading.Lock()
        self.sent: list[tuple[str, str]] = []

    def _request(self, method: str, path: str, body: Any = None, *, again: bool = False) -> Reply:
        self.sent.append((method, "/api/v1" + path.partition("?")[0]))
        reply: Any = {
            "items": 3 if path == "/seeds" else [],
            "next": None,
            "handed": {},
            "settings": {"class_keys": {}},
            "user": "me",
            "link": "",
        }
        return Reply(200, {}, json.dumps([] if path == "/strategies" else reply).encode())


def test_every_route_has_a_method_and_every_method_a_route(ask: Asker) -> None:
    """What the page does goes through these routes; so a program can do all of it."""
    client = Recorded()
    for name, _ in inspect.getmembers(Client, inspect.isfunction):
        if not name.startswith("_") and name not in ("close", "events"):
            said = getattr(client, name)(*ARGUMENTS.get(name, ()))
            if inspect.isgenerator(said):
                list(said)
    Client._log_in(client, "token")
    client.sent.append(("GET", "/api/v1/events"))  # see test_it_hears_events
    routes = [
        (method, route)
        for route in routes_of(build(ask.server.service))
        for method in sorted(route.methods or ())
        if route.path.startswith("/api/") or route.path == "/health"
    ]
    called = {}
    for sent, path in client.sent:
        found = [route.path for method, route in routes if method == sent and route.path_regex.match(path)]
        assert found, (sent, path)
        called[sent, found[0]] = path
    assert {(method, route.path) for method, route in routes} - called.keys() == NO_METHOD.keys()


def test_it_hears_events(ask: Asker) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    with ask.server.client() as client:

        def listen() -> None:
            heard.extend(client.events())

        thread = threading.Thread(target=listen)
        thread.start()
        until(lambda: len(ask.server.service.hub) == 1)
        client.label(client.next()[0], "cat")
        ask.server.stop()
        thread.join(10)
    assert ("queue", {"labelled": 1}) in heard


def test_refusals_are_named_errors(ask: Asker) -> None:
    with ask.server.client() as client:
        for call, kind, code in (
            (lambda: client.item("nothing"), UnknownNameError, "UnknownItem"),
            (lambda: client.add_class("cat"), ArgumentError, None),
            (lambda: client.settings(strategy="margn"), ArgumentError, "UnknownStrategy"),
            (lambda: client.next(500), ArgumentError, "BadValue"),
            (lambda: client.undo(), StateError, "NothingToUndo"),
        ):
            with pytest.raises(kind) as caught:
                call()
            assert code in (None, caught.value.code)


@pytest.mark.parametrize(
    "link", ["", "http://127.0.0.1", "https://127.0.0.1:1/open#x", "127.0.0.1:80", "http://127.0.0.1:81/open"]
)
def test_a_link_that_is_none_is_named(link: str) -> None:
    with pytest.raises(ArgumentError, match="link") as caught:
        Client(link)
    assert caught.value.code == "BadLink"


def test_a_used_link_is_named(ask: Asker) -> None:
    link = ask.server.link()
    Client(link).close()
    with pytest.raises(StateError) as caught:
        Client(link)
    assert caught.value.code == "BadToken"


def test_no_server_is_named() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ResourceError, match="running") as caught:
        Client(f"http://127.0.0.1:{port}", session="x", patience=0.2).project()
    assert caught.value.code == "NoServer"


Plan = Callable[[int], str]


@contextmanager
def faulty(ask: Asker, plan: Plan) -> Iterator[int]:
    """A wire between client and server: for request number k the plan says pass, drop (after the server has answered),
    refuse (before it reads), twice (sent two times), or cut (the reply ends within its head)."""
    listener = socket.create_server(("127.0.0.1", 0))
    count = [0]
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=carry, args=(line,), daemon=True).start()

    def carry(line: socket.socket) -> None:
        with line:
            while (data := whole(line)) is not None:
                what = plan(count[0])
                count[0] += 1
                if what == "refuse":
                    return
                for text in ("127.0.0.1:{}", "querist-{}="):  # host, origin, cookie
                    data = data.replace(text.format(port).encode(), text.format(ask.server.port).encode())
                for _ in range(2 if what == "twice" else 1):
                    with socket.create_connection(("127.0.0.1", ask.server.port)) as server:
                        server.sendall(data)
                        answer = whole(server)
                if what == "drop":
                    return
                if what == "cut":
                    line.sendall((answer or b"").partition(b"content-length")[0])
                    return
                line.sendall(answer or b"")

    port = listener.getsockname()[1]
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield port
    finally:
        ending.set()
        listener.close()


def whole(line: socket.socket) -> bytes | None:
    """One message with its body, by Content-Length."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = line.recv(1 << 16)
            if not part:
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += line.recv(1 << 16)
    except OSError:
        return None
    return head + b"\r\n\r\n" + body


def test_r10_lost_answers_are_sent_again_and_count_once(ask: Asker) -> None:
    faults = ["pass", "drop", "refuse", "twice", "cut", "pass", "drop", "cut", "drop", "pass"]
    plan = lambda k: faults[k % len(faults)]  # noqa: E731
    with faulty(ask, plan) as port, Client(f"http://127.0.0.1:{port}", session=ask.session) as client:
        for _ in range(12):
            handed = client.next(1)
            if handed:
                assert client.label(handed[0], "cat")["counted"] is True
    overview = ask.server.service.overview
    kinds = dict(overview.rows("SELECT kind, count(*) FROM event WHERE stream = ? GROUP BY kind"))
    assert kinds.get("late", 0) == 0
    assert kinds["told"] == len(overview.rows("SELECT DISTINCT item FROM answer WHERE stream = ?")) == 12


def test_what_is_not_safe_to_repeat_is_sent_once(ask: Asker) -> None:
    with (
        faulty(ask, lambda k: "drop") as port,
        Client(f"http://127.0.0.1:{port}", session=ask.session) as client,
        pytest.raises(ResourceError),
    ):
        client.add_class("bird")
    with ask.server.client() as other:
        assert [c["name"] for c in other.project()["classes"]] == ["cat", "dog", "bird"]


def test_an_answer_that_is_no_json_is_named(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    from querist.server import client as module

    error = module._refusal(500, b"<html>")
    assert (type(error), error.code) == (StateError, "BadReply")
    assert json.dumps(str(error))
