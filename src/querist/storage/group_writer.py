"""One writer thread with group commit: work that comes while the disk is busy shares the next commit.

Each piece of work is a function of a `Transaction`. It runs within a savepoint: one that fails takes back what it did
and disturbs no other. Its future is done only after the commit, so that an answer which is given out is on the disk.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from querist.core.errors import ResourceError, StateError
from querist.storage.sqlite_store import SqliteStore
from querist.storage.transaction import Transaction

__all__ = ["GroupWriter"]

T = TypeVar("T")
_Work = tuple[Callable[[Transaction], Any], "Future[Any]"]


class GroupWriter:
    """Runs pieces of work one after the other and commits them together.

    Args:
        store: the journal; the writer is the only one that appends to it.
        most: pieces a commit.
        waiting: pieces that may wait; more are refused.
    """

    def __init__(self, store: SqliteStore, *, most: int = 256, waiting: int = 4096) -> None:
        self.store = store
        self._most = most
        self._queue: queue.Queue[_Work | None] = queue.Queue(waiting)
        self._closed = False
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="querist-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have ``work`` done in a transaction; the future holds what it returned, once that is on the disk.

        Raises:
            StateError: the writer is closed (code ``Closed``). ResourceError: too much is waiting (code ``Overload``).
        """
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise StateError("the project is being closed; nothing more is taken", code="Closed")
            try:
                self._queue.put_nowait((work, future))
            except queue.Full:
                raise ResourceError(
                    f"{self._queue.maxsize} pieces of work are waiting to be written; try again in a moment",
                    code="Overload",
                ) from None
        return future

    def do(self, work: Callable[[Transaction], T], timeout: float | None = 30.0) -> T:
        """`submit` and wait."""
        return self.submit(work).result(timeout)

    def close(self) -> None:
        """Finish what was taken, then stop; the store stays open."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            group: list[_Work] = []
            piece = self._queue.get()
            while piece is not None:
                group.append(piece)
                if len(group) >= self._most:
                    break
                try:
                    piece = self._queue.get_nowait()
                except queue.Empty:
                    break
            last = piece is None
            if group:
                self._commit(group)

    def _commit(self, group: list[_Work]) -> None:
        done: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self.store.transaction() as transaction:
                for work, future in group:
                    done.append((future, *_within_savepoint(work, transaction)))
        except BaseException as error:
            for _, future in group:
                with contextlib.suppress(Exception):  # one that was cancelled
                    future.set_exception(error)
            return
        for future, result, failure in done:
            with contextlib.suppress(Exception):
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)


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
