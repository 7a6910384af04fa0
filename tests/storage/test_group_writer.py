"""One writer thread: what is acknowledged is on the disk, failures disturb nobody, and commits are shared."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from querist.core.errors import ResourceError, StateError
from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.group_writer import GroupWriter
from querist.storage.transaction import Transaction


def note(n: int) -> Event:
    return Event("note", {"n": n})


def add(n: int):  # type: ignore[no-untyped-def]
    return lambda work: work.append("main", [note(n)])


def numbers(path: Path) -> list[int]:
    """Read by another connection, which sees only what is committed."""
    with SqliteStore(path, read_only=True) as store:
        return [e.payload["n"] for e in store.read("main")]


def test_a_result_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        writer = GroupWriter(store)
        for n in range(20):
            assert writer.do(add(n)) == n + 1
            assert numbers(path)[-1] == n
        writer.close()


def test_many_threads_lose_nothing_and_share_commits(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    commits = 0
    with SqliteStore(path) as store:
        store._connection.set_trace_callback(lambda sql: count(sql))  # type: ignore[union-attr]

        def count(sql: str) -> None:
            nonlocal commits
            commits += sql == "COMMIT"

        writer = GroupWriter(store)
        given: list[tuple[int, int]] = []

        def person(k: int) -> None:
            for i in range(25):
                given.append((writer.do(add(100 * k + i)), 100 * k + i))

        people = [threading.Thread(target=person, args=(k,)) for k in range(16)]
        for p in people:
            p.start()
        for p in people:
            p.join()
        writer.close()
    assert len({seq for seq, _ in given}) == 400
    kept = numbers(path)
    assert all(kept[seq - 1] == n for seq, n in given)
    assert commits < 300, "pieces that came meanwhile share a commit"


def test_a_failure_takes_back_its_own_work_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        writer = GroupWriter(store)
        hold = threading.Event()
        first = writer.submit(lambda work: hold.wait(10))

        def bad(work: Transaction) -> None:
            work.append("main", [note(7)])
            raise ValueError("mine")

        futures: list[Future[object]] = [writer.submit(add(1)), writer.submit(bad), writer.submit(add(2))]
        hold.set()
        first.result(10)
        assert [futures[0].result(10), futures[2].result(10)] == [1, 2]
        with pytest.raises(ValueError, match="mine"):
            futures[1].result(10)
        writer.close()
        assert numbers(path) == [1, 2]


def test_a_full_disk_refuses_the_group_and_works_again_when_there_is_space(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        writer = GroupWriter(store)
        assert writer.do(add(0)) == 1
        connection = store._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}").close()
        with pytest.raises(ResourceError) as caught:
            writer.do(lambda work: work.append("main", [Event("note", {"n": 1, "text": "x" * 100_000})]))
        assert caught.value.code == "DiskFull"
        connection.execute("PRAGMA max_page_count = 100000").close()
        assert writer.do(add(2)) == 2
        writer.close()
    assert numbers(path) == [0, 2]


def test_closing_finishes_what_was_taken_and_refuses_more(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        writer = GroupWriter(store)
        futures = [writer.submit(add(n)) for n in range(50)]
        writer.close()
        assert [f.result(0) for f in futures] == list(range(1, 51))
        with pytest.raises(StateError) as caught:
            writer.submit(add(51))
        assert caught.value.code == "Closed"
        writer.close()


def test_too_much_waiting_is_refused_at_once(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        writer = GroupWriter(store, waiting=3)
        hold, started = threading.Event(), threading.Event()

        def slow(work: Transaction) -> bool:
            started.set()
            return hold.wait(10)

        first = writer.submit(slow)
        started.wait(10)
        waiting = [writer.submit(add(n)) for n in range(3)]
        with pytest.raises(ResourceError) as caught:
            writer.submit(add(9))
        assert caught.value.code == "Overload"
        hold.set()
        first.result(10)
        assert [f.result(10) for f in waiting] == [1, 2, 3]
        writer.close()


def test_short_work_goes_first_and_the_rest_is_not_forgotten(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        writer = GroupWriter(store, most=3)
        hold, started = threading.Event(), threading.Event()
        order: list[str] = []

        def slow(work: Transaction) -> None:
            started.set()
            hold.wait(10)

        def noted(name: str):  # type: ignore[no-untyped-def]
            return lambda work: order.append(name)

        first = writer.submit(slow)
        started.wait(10)
        rest = [writer.submit(noted(f"rest {n}")) for n in range(3)]
        short = [writer.submit(noted(f"short {n}"), short=True) for n in range(8)]
        hold.set()
        first.result(10)
        for future in [*rest, *short]:
            future.result(10)
        writer.close()
    assert [name for name in order if name.startswith("short")] == [f"short {n}" for n in range(8)]
    assert [name for name in order if name.startswith("rest")] == [f"rest {n}" for n in range(3)]
    assert order[0] == "short 0", "an answer does not wait for the hand-outs before it"
    assert order.index("rest 0") < order.index("short 6"), "each commit does one piece of the rest"


def test_a_group_ends_in_time(tmp_path: Path) -> None:
    """The first answer of a group is not kept back until the last one that came."""
    with SqliteStore(tmp_path / "journal.db") as store:
        writer = GroupWriter(store)
        ran: list[int] = []
        at_first: list[int] = []

        def slow(work: Transaction) -> None:
            time.sleep(0.004)
            ran.append(1)

        waiting = [writer.submit(slow, short=True) for _ in range(50)]
        waiting[0].add_done_callback(lambda future: at_first.append(len(ran)))
        for future in waiting:
            future.result(10)
        writer.close()
    assert at_first[0] < 25


def test_a_group_that_cannot_begin_is_refused_and_nothing_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        writer = GroupWriter(store)

        def full() -> None:
            raise ResourceError("no space", code="DiskFull")

        with monkeypatch.context() as patch:
            patch.setattr(store, "transaction", full)
            for short in (False, True):
                with pytest.raises(ResourceError) as caught:
                    writer.submit(add(1), short=short).result(5)
                assert caught.value.code == "DiskFull"
        assert writer.do(add(2)) == 1
        writer.close()


def test_the_writer_is_full_sync(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        writer = GroupWriter(store)
        found = writer.do(lambda w: w.connection.execute("PRAGMA synchronous").fetchone()[0])
        assert found == 2
        writer.close()
    assert sqlite3.sqlite_version_info >= (3, 24), "upserts are used"
