"""One writer thread with group commit: work that comes while others are served shares their commit.

Each piece of work is a function of a `Transaction`. It runs within a savepoint: one that fails takes back what it did
and disturbs no other. Its future is done only after the commit, so that an answer which is given out is on the disk.
Short work that somebody waits for (an answer) goes before the rest (a hand-out of many items, a new model); of the rest
one piece a commit is done at least.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from querist.core.errors import ResourceError, StateError
from querist.storage.sqlite_store import SqliteStore
from querist.storage.transaction import Transaction

__all__ = ["GroupWriter"]

T = TypeVar("T")
_Work = tuple[Callable[[Transaction], Any], "Future[Any]"]
_SHORT, _REST = 0.06, 0.08
"""Seconds after which a group begins no more short work, and none of the rest: the first need not wait for the last.

Shorter groups cost more commits than they save waiting: with 10 ms, 64 clients at once were answered half as fast.
"""


class GroupWriter:
    """Runs pieces of work one after the other and commits them together.

    Args:
        store: the journal; the writer is the only one that appends to it.
        most: pieces a commit.
        waiting: pieces that may wait; more are refused.
    """

    def __init__(self, store: SqliteStore, *, most: int = 256, waiting: int = 4096) -> None:
        self.store = store
        self._most, self._waiting = most, waiting
        self._short: deque[_Work] = deque()
        self._rest: deque[_Work] = deque()
        self._closed = False
        self._gate = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="querist-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T], *, short: bool = False) -> Future[T]:
        """Have ``work`` done in a transaction; the future holds what it returned, once that is on the disk.

        Args:
            work: done in the order of submission among its like.
            short: it takes no more than about a millisecond, and goes before what is not short.

        Raises:
            StateError: the writer is closed (code ``Closed``). ResourceError: too much is waiting (code ``Overload``).
        """
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise StateError("the project is being closed; nothing more is taken", code="Closed")
            if len(self._short) + len(self._rest) >= self._waiting:
                raise ResourceError(
                    f"{self._waiting} pieces of work are waiting to be written; try again in a moment",
                    code="Overload",
                )
            (self._short if short else self._rest).append((work, future))
            self._gate.notify()
        return future

    def do(self, work: Callable[[Transaction], T], timeout: float | None = 30.0) -> T:
        """`submit` and wait."""
        return self.submit(work).result(timeout)

    def close(self) -> None:
        """Finish what was taken, then stop; the store stays open."""
        with self._gate:
            self._closed = True
            self._gate.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._gate:
                while not (self._short or self._rest):
                    if self._closed:
                        return
                    self._gate.wait()
                piece = (self._short or self._rest).popleft()
            self._commit(piece)

    def _commit(self, first: _Work) -> None:
        """Do a piece, what waits, and what comes meanwhile, up to the bounds of a group."""
        futures = [first[1]]
        done: list[tuple[Any, BaseException | None]] = []
        try:
            with self.store.transaction() as transaction:
                done.append(_within_savepoint(first[0], transaction))
                for work, future in self._more():
                    futures.append(future)
                    done.append(_within_savepoint(work, transaction))
        except BaseException as error:
            for future in futures:
                with contextlib.suppress(Exception):  # one that was cancelled
                    future.set_exception(error)
            return
        for future, (result, failure) in zip(futures, done, strict=True):
            with contextlib.suppress(Exception):
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)

    def _more(self) -> Iterator[_Work]:
        """What else goes into the group of a piece that has just been done."""
        began, count, rest = time.monotonic(), 1, False
        while True:
            many, spent = count >= self._most, time.monotonic() - began
            with self._gate:
                if self._short and not many and spent < _SHORT:
                    piece = self._short.popleft()
                elif self._rest and not (rest and (many or spent > _REST)):
                    piece, rest = self._rest.popleft(), True
                else:
                    return
            yield piece
            count += 1


def _within_savepoint(work: Callable[[Transaction], Any], transaction: Transaction) -> tuple[Any, Exception | None]:
    """What the work returned, or what it raised, with all that it did taken back. A failing disk ends the group."""
    connection = transaction.connection
    connection.execute("SAVEPOINT piece")
    try:
        result = work(transaction)
    except Exception as error:
        if not connection.in_transaction:  # SQLite itself took all of it back: full disk, failed write
            raise
        connection.execute("ROLLBACK TO piece")
        connection.execute("RELEASE piece")
        return None, error
    connection.execute("RELEASE piece")
    return result, None
