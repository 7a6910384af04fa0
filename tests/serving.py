"""A running server for tests: a project of a few texts on a free port of the loopback, and requests as they are."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from querist.data.record import Record
from querist.server.project import Project
from querist.server.serve import Server
from querist.server.task import Task


@dataclass(frozen=True)
class Said:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self.headers
        problem = self.json
        assert set(problem) == {"type", "title", "status", "code", "detail", "pointer"}
        assert problem["status"] == self.status
        return str(problem["code"])


class Asker:
    """Sends requests to a server, with its session and its own origin unless told otherwise."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = server.service.sessions.start("me")
        self.cookie = f"querist-{server.port}={self.session}"

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        anonymous: bool = False,
    ) -> Said:
        """A header of value None is left out."""
        sent: dict[str, str | None] = {"Host": f"127.0.0.1:{self.server.port}", "Origin": self.server.address}
        if not anonymous:
            sent["Cookie"] = self.cookie
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if "Content-Length" not in sent and (raw is not None or method != "GET"):
                connection.putheader("Content-Length", str(len(raw or b"")))
            connection.endheaders(raw)
            response = connection.getresponse()
            return Said(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def hand(self, count: int = 1) -> list[dict[str, Any]]:
        said = self("POST", "/api/v1/next", {"count": count, "tab": os.urandom(4).hex()})
        assert said.status == 200, said.body
        return list(said.json["items"])

    def wire(self, data: bytes, wait: float = 5.0) -> bytes:
        """Bytes as they are; what comes back until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=wait) as line:
            line.sendall(data)
            out = b""
            try:
                while part := line.recv(1 << 16):
                    out += part
            except TimeoutError:
                pass
            return out


def make(
    folder: Path, items: list[Record] | int = 60, *, task: Task | None = None, modality: str = "text", **more: Any
) -> Path:
    """A project of texts ``item 0`` ..., classes cat and dog."""
    records = [Record(id=f"i{k}", text=f"item {k} é😀") for k in range(items)] if isinstance(items, int) else items
    Project.make(
        folder, records, task=task or Task("single", ("cat", "dog")), modality=modality, name="demo", **more
    ).close()
    return folder


@contextmanager
def running(folder: Path, **more: Any) -> Iterator[Asker]:
    """A server of the project in ``folder``, without a trainer."""
    server = Server(folder, trainer=False, **more).start()
    try:
        yield Asker(server)
    finally:
        server.stop()


def until(true: Callable[[], Any], seconds: float = 5.0, what: str = "it came true") -> float:
    """Wait for something to become true; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(0.01)
    return time.monotonic() - began
