"""`querist` that ends its whole process group with SIGKILL at a named point of the labelling server.

Usage: python tests/crash_server.py POINT COUNT serve PROJECT ...; the process dies when it comes to the point for the
COUNTth time. The points are laid around functions of the server from outside, so that the server itself knows none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["POINTS"]


def strike(point: str) -> None:
    """The server has come to a point."""
    if point == _PLAN[0]:
        _PLAN[1] -= 1
        if _PLAN[1] == 0:
            os.killpg(0, signal.SIGKILL)


_PLAN: list[Any] = ["", 0]


def _around(owner: Any, name: str, before: str = "", after: str = "") -> None:
    """Lay points before and after a function."""
    inner: Callable[..., Any] = getattr(owner, name)

    def outer(*arguments: Any, **named: Any) -> Any:
        strike(before)
        out = inner(*arguments, **named)
        strike(after)
        return out

    setattr(owner, name, outer)


def _writing() -> None:
    from querist.storage import group_writer
    from querist.storage.sqlite_store import SqliteStore

    _around(group_writer, "_within_savepoint", "before a piece", "after a piece")
    _around(group_writer.GroupWriter, "_commit", "before a group", "after the futures are done")
    inner = SqliteStore.transaction

    @contextlib.contextmanager
    def transaction(self: SqliteStore, needed: int = 16_384) -> Iterator[Any]:
        with inner(self, needed) as out:
            yield out
            strike("before the commit")
        strike("after the commit")

    SqliteStore.transaction = transaction  # type: ignore[method-assign]


def _replying() -> None:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    inner = RequestResponseCycle.send

    async def send(self: Any, message: Any) -> None:
        posted = self.scope["method"] == "POST"
        kind = message["type"]
        if posted and kind == "http.response.start":
            strike("before the reply")
        await inner(self, message)
        if posted:
            strike("between head and body" if kind == "http.response.start" else "after the reply")

    RequestResponseCycle.send = send  # type: ignore[method-assign]


def _opening() -> None:
    from querist.server.desk import Desk
    from querist.server.project import Project

    _around(Project, "_over", "the lock is taken", "the project is open")
    _around(Desk, "resume", "leases are taken up", "leases have been taken up")


def _promoting() -> None:
    from querist.server.project import Project
    from querist.storage.artifacts import Artifacts

    _around(Artifacts, "put", "before a model is kept", "after a model is kept")
    _around(Artifacts, "_place", "before a model is renamed", "after a model is renamed")
    _around(Project, "promote", "before a model is promoted", "after a model is promoted")


POINTS: dict[str, int] = {
    "before a group": 12,
    "before a piece": 12,
    "after a piece": 12,
    "before the commit": 12,
    "after the commit": 12,
    "after the futures are done": 12,
    "before the reply": 12,
    "between head and body": 12,
    "after the reply": 12,
    "the lock is taken": 1,
    "the project is open": 1,
    "leases are taken up": 1,
    "leases have been taken up": 1,
    "before a model is kept": 1,
    "before a model is renamed": 1,
    "after a model is renamed": 1,
    "after a model is kept": 1,
    "before a model is promoted": 1,
    "after a model is promoted": 1,
}
"""Each point, and at most at which visit the process dies."""


def main() -> None:
    """Lay the points and run the command line."""
    _PLAN[:] = [sys.argv[1], int(sys.argv[2])]
    assert sys.argv[1] in POINTS, sys.argv[1]
    for lay in (_writing, _replying, _opening, _promoting):
        lay()
    del sys.argv[1:3]
    from querist.cli import main as command

    command()


if __name__ == "__main__":
    main()
