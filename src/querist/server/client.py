"""A Python client that can do all that the page does, on the standard library alone.

>>> from querist.server.client import Client  # doctest: +SKIP
>>> with Client("http://127.0.0.1:8123/open#...") as client:  # doctest: +SKIP
...     for handed in client.next(5):
...         client.label(handed, "cat")

A request whose answer got lost is sent again, with the same key where it changes something, so that nothing is counted
twice. Refusals are the named errors of the library. The file is long because it has a method for all
that the page does.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from querist.core.errors import ArgumentError, QueristError, ResourceError, StateError, UnknownNameError, shorten

__all__ = ["Client", "Reply"]

Handed = Mapping[str, Any]
_AGAIN = frozenset({408, 425, 429, 502, 503, 504, 507})
_PAUSE = 0.1
_FILES = ("/import", "/export")
_LONGEST_FILE = 600.0
"""Seconds that a file may take to be read or written."""
_LONGEST_PAUSE = 5.0
_PLAIN_IN_NAMES = " ()[]+,;=@!$&'"


class Reply:
    """What the server said.

    Args:
        status: HTTP status.
        headers: names in lower case.
        body: as it came.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """The body as JSON; None when it is empty."""
        return json.loads(self.body) if self.body else None


class Client:
    """One logged-in program.

    Args:
        link: the one-time link that the server printed, or the address alone together with ``session``.
        session: the session of an earlier client (`session`), instead of a link.
        patience: seconds for which a request is tried again when the server does not answer or is busy.
        timeout: seconds that one try may take; a file may take ten minutes.

    Attributes:
        left: items without an answer, as of the last `next`.
        why: the reason when the last `next` gave fewer than wanted: "exhausted" or "all handed out"; else None.
        lost: what the format of the last `export` has no place for.

    Raises:
        ArgumentError: no such address (code ``BadLink``).
        StateError: the link was used or is too old (code ``BadToken``).
    """

    def __init__(self, link: str, *, session: str | None = None, patience: float = 30.0, timeout: float = 30.0) -> None:
        parts = urlsplit(str(link))
        if parts.scheme != "http" or not parts.hostname or not parts.port:
            raise ArgumentError(
                "link must be the address that the server printed, like http://127.0.0.1:8123/open#...", code="BadLink"
            )
        self._host, self._port = parts.hostname, parts.port
        name = f"[{self._host}]" if ":" in self._host else self._host
        self.address = f"http://{name}:{self._port}"
        self._patience, self._timeout = patience, timeout
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self.session = session
        self.user = ""
        self.tab = uuid.uuid4().hex
        self.lost: list[str] = []
        self.left: int | None = None
        self.why: str | None = None
        if session is None:
            if not parts.fragment:
                raise ArgumentError("the link has no token after #; copy all of it", code="BadLink")
            self.user = self._log_in(parts.fragment)

    # what a person does

    def next(self, count: int = 1, have: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Items to answer, handed out to this client; fewer, or none, when no more can be handed out.

        How many are `left` without an answer, and `why` there are fewer, stands in these attributes afterwards.
        """
        reply: dict[str, Any] = self._post("/next", {"count": count, "have": list(have), "tab": self.tab}, again=True)
        self.left, self.why = reply.get("left"), reply.get("why")
        return list(reply["items"])

    def answer(
        self,
        handed: Handed,
        kind: str,
        value: Any = None,
        *,
        rationale: Mapping[str, Any] | None = None,
        note: str | None = None,
        seconds: float = 0.0,
        shown: bool = False,
        weight: float | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Answer a hand-out; one that came too late comes back with ``counted`` False and the reason."""
        body = {
            "key": key or str(uuid.uuid4()),
            "query": handed["query"],
            "fence": handed["fence"],
            "item": handed["item"]["id"],
            "kind": kind,
            "value": value,
            "rationale": rationale,
            "note": note,
            "seconds": seconds,
            "shown": shown,
            "weight": weight,
        }
        return dict(self._post("/answers", body, again=True))

    def label(self, handed: Handed, value: Any, **more: Any) -> dict[str, Any]:
        """The item has this class, these classes, this number, or these spans."""
        return self.answer(handed, "label", value, **more)

    def distribution(self, handed: Handed, shares: Mapping[str, float], **more: Any) -> dict[str, Any]:
        """The item has these shares over classes."""
        return self.answer(handed, "distribution", dict(shares), **more)

    def skip(self, handed: Handed, **more: Any) -> dict[str, Any]:
        """Set the item aside."""
        return self.answer(handed, "skip", **more)

    def reject(self, handed: Handed, **more: Any) -> dict[str, Any]:
        """The item does not belong to the task."""
        return self.answer(handed, "reject", **more)

    def undo(self, query: str | None = None, *, key: str | None = None) -> dict[str, Any]:
        """Take an answer back, the one to this hand-out or the last; its item is handed out again."""
        body = {"key": key or str(uuid.uuid4()), "tab": self.tab, "query": query}
        return dict(self._post("/undo", body, again=True)["handed"])

    def give_back(self, queries: Sequence[str]) -> None:
        """Give hand-outs back unanswered."""
        self._post("/return", {"queries": list(queries)}, again=True)

    def renew(self, queries: Sequence[str]) -> dict[str, Any]:
        """Keep hand-outs longer."""
        return dict(self._post("/renew", {"queries": list(queries)}, again=True))

    def take(self, item: str) -> dict[str, Any]:
        """Have this item handed out now, also one that has an answer."""
        return dict(self._post(f"/items/{_quote(item)}/take", {"tab": self.tab}, again=True))

    def flag(self, item: str, flag: bool = True, note: str | None = None) -> None:
        """Mark an item for a second look, or take the mark away."""
        self._post(f"/items/{_quote(item)}/flag", {"flag": flag, "note": note}, again=True)

    # what is there

    def project(self) -> dict[str, Any]:
        """Task, classes, settings and counts."""
        return dict(self._get("/project"))

    def panel(self) -> dict[str, Any]:
        """Labels by class, learning curve, cost, and advice whether to stop."""
        return dict(self._get("/panel"))

    def strategies(self) -> list[dict[str, Any]]:
        """Strategies by name, each with a sentence."""
        return list(self._get("/strategies"))

    def items(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All items that fit, page by page: state, label, flag, text, sort ("row" or "doubt"), limit (a page)."""
        cursor = None
        while True:
            wanted = {k: _plain(v) for k, v in {**filters, "cursor": cursor}.items() if v is not None}
            page = self._get("/items?" + urlencode(wanted))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def item(self, item: str) -> dict[str, Any]:
        """One item with its history."""
        return dict(self._get(f"/items/{_quote(item)}"))

    def alike(self, item: str, limit: int = 50) -> list[dict[str, Any]]:
        """The items most like one, best first."""
        return list(self._get(f"/items/{_quote(item)}/alike?limit={int(limit)}")["items"])

    def image(self, item: str) -> bytes:
        """The picture of an item, as the page shows it."""
        return self._request("GET", f"/items/{_quote(item)}/image", again=True).body

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What changes, as it happens: (event, data); ends when the server stops or drops this listener."""
        connection = self._connect()
        connection.request("GET", "/api/v1/events", headers=self._headers())
        response = connection.getresponse()
        try:
            if response.status != 200:
                raise _refusal(response.status, response.read())
            event = ""
            while line := response.readline():
                name, _, value = line.decode("utf-8").rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    yield event, json.loads(value)
        finally:
            connection.close()
            response.close()

    # what changes the project

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings; those left out stay."""
        return dict(self._json("PATCH", "/settings", changes, again=True))

    def class_key(self, name: str, key: str | None) -> dict[str, Any]:
        """Give a class a key of its own; None gives it back the page's choice.

        Args:
            name: of the class.
            key: one sign such as "a", or a key's name such as "F2" or "Ctrl+b".

        Returns:
            The project as it is then.

        Raises:
            ArgumentError: another class or an action has the key, or it is none (code ``BadSetting``); there is no
                such class (code ``UnknownLabel``).
        """
        keys: dict[str, str] = {**self.project()["settings"]["class_keys"]}
        keys.pop(name, None)
        return self.settings(class_keys=keys if key is None else {**keys, name: key})

    def add_class(self, name: str) -> dict[str, Any]:
        """A new class."""
        return self._change_classes({"add": name})

    def rename_class(self, name: str, to: str) -> dict[str, Any]:
        """Another name for a class, in all answers."""
        return self._change_classes({"rename": name, "to": to})

    def merge_class(self, name: str, into: str) -> dict[str, Any]:
        """One class becomes part of another."""
        return self._change_classes({"merge": name, "into": into})

    def _change_classes(self, change: dict[str, str]) -> dict[str, Any]:
        return dict(self._post("/classes", {**change, "key": str(uuid.uuid4())}, again=True))

    def seeds(self, label: str, text: str | None = None, *, item: str | None = None) -> int:
        """Items that hold these words, or are like an item, come first; how many. With neither: like the class so far."""
        asked = {"class": label, "text": text, "item": item}
        reply: dict[str, Any] = self._post("/seeds", {k: v for k, v in asked.items() if v is not None}, again=True)
        return int(reply["items"])

    def trainer(self, do: str) -> dict[str, Any]:
        """ "retrain", "pause" or "resume"."""
        return dict(self._post("/trainer", {"do": do}, again=True))

    def export(self, format: str, to: Path | str | None = None, *, all: bool = False) -> bytes:
        """The labels in a format, written to ``to`` when it is given; with ``all`` also items without an answer.

        What the format has no place for stands in `lost` afterwards, a sentence each.
        """
        reply = self._request("POST", "/export", _body({"format": format, "all": all}), again=True)
        self.lost = list(json.loads(unquote(reply.headers.get("querist-lost", "[]"))))
        if to is not None:
            Path(to).write_bytes(reply.body)
        return reply.body

    def import_file(self, path: Path | str, *, skip_bad: bool = False, new_classes: bool = False) -> dict[str, Any]:
        """More items from a file; with ``skip_bad`` rows that are not understood are left out, and listed in ``rows``."""
        return self._upload("/import", path, skip_bad=skip_bad, new_classes=new_classes)

    def check_file(self, path: Path | str, *, new_classes: bool = False) -> dict[str, Any]:
        """What `import_file` would bring, and row by row what is not understood; nothing is taken."""
        return self._upload("/import/check", path, new_classes=new_classes)

    def who(self) -> str:
        """Who is logged in."""
        return str(self._get("/session")["user"])

    def link(self) -> str:
        """A fresh one-time link for a browser or another program of the same person."""
        return str(self._post("/session/link", {})["link"])

    def log_out(self) -> None:
        """End the session, at once."""
        self._request("DELETE", "/session")
        self.session = None

    def close(self) -> None:
        """Close the connection; the session lives on."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        """Close the connection when nobody refers to the client any more."""
        if getattr(self, "_connection", None) is not None:
            self.close()

    # how it is sent

    def _log_in(self, token: str) -> str:
        reply = self._request("POST", "/session", _body({"token": token}))
        for part in reply.headers.get("set-cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name.startswith("querist-"):
                self.session = value
        return str(reply.json()["user"])

    def _get(self, path: str) -> Any:
        return self._request("GET", path, again=True).json()

    def _post(self, path: str, body: Any, *, again: bool = False) -> Any:
        return self._json("POST", path, body, again=again)

    def _json(self, method: str, path: str, body: Any, *, again: bool = False) -> Any:
        return self._request(method, path, _body(body), again=again).json()

    def _upload(self, path: str, file: Path | str, **fields: bool) -> dict[str, Any]:
        file, edge = Path(file), uuid.uuid4().hex
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{str(value).lower()}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{quote(file.name, safe=_PLAIN_IN_NAMES)}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        body = "".join(parts).encode() + file.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        return dict(self._request("POST", path, (f"multipart/form-data; boundary={edge}", body)).json())

    def _headers(self) -> dict[str, str]:
        headers = {"Origin": self.address, "Accept": "application/json"}
        if self.session:
            headers["Cookie"] = f"querist-{self._port}={self.session}"
        return headers

    def _connect(self, timeout: float | None = None) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout or self._timeout)

    def _request(self, method: str, path: str, body: tuple[str, bytes] | None = None, *, again: bool = False) -> Reply:
        """Send, and send again while that is safe and patience lasts."""
        until, pause = time.monotonic() + self._patience, _PAUSE
        while True:
            last = time.monotonic() >= until or not again
            try:
                reply = self._once(method, path, body, again)
            except (OSError, http.client.HTTPException) as error:
                if last:
                    raise ResourceError(
                        f"{self.address} does not answer ({type(error).__name__}); is the server running?",
                        code="NoServer",
                    ) from error
            else:
                if reply.status < 400:
                    return reply
                if reply.status not in _AGAIN or last:
                    raise _refusal(reply.status, reply.body)
                pause = max(pause, min(float(reply.headers.get("retry-after", 0) or 0), _LONGEST_PAUSE))
            time.sleep(min(pause, max(until - time.monotonic(), 0.0)))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: tuple[str, bytes] | None, again: bool) -> Reply:
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = body[0]
        if path.startswith(_FILES):  # a connection of its own, for it may take long and keeps nothing else waiting
            with contextlib.closing(self._connect(max(self._timeout, _LONGEST_FILE))) as own:
                return self._exchange(own, method, path, body, headers)
        with self._lock:
            if not again and self._connection is not None:  # an idle one may be closed while the request is on its way
                self._connection.close()
                self._connection = None
            fresh = self._connection is None
            connection = self._connection = self._connection or self._connect()
            try:
                return self._exchange(connection, method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self._connection = None
                connection.close()
                if fresh or not _closed_before_sending(error):
                    raise
            # most likely the server had closed an idle connection; sent again with the same key in any case
            connection = self._connection = self._connect()
            return self._exchange(connection, method, path, body, headers)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: tuple[str, bytes] | None,
        headers: Mapping[str, str],
    ) -> Reply:
        connection.request(method, "/api/v1" + path, None if body is None else body[1], dict(headers))
        response = connection.getresponse()
        if response.length is None and not response.chunked:  # the head was cut short: http.client takes it for whole
            raise http.client.IncompleteRead(b"")
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def _closed_before_sending(error: Exception) -> bool:
    return isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError))


def _body(value: Any) -> tuple[str, bytes]:
    return "application/json", json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _quote(item: str) -> str:
    return quote(item, safe="")


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _refusal(status: int, body: bytes) -> QueristError:
    """The named error for a refusal."""
    try:
        problem = json.loads(body)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "BadReply", f"the server answered {status}: {shorten(body.decode('utf-8', 'replace'))}"
    kinds: dict[int, type[QueristError]] = {
        401: StateError, 403: StateError, 404: UnknownNameError, 409: StateError, 503: ResourceError, 507: ResourceError
    }  # fmt: skip
    return kinds.get(status, StateError if status >= 500 else ArgumentError)(detail, code=code)
