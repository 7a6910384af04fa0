"""The journal in a file: one writer, threads, full disks, changed bytes. The contract is in tests/testing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from querist.core.errors import ResourceError, StateError
from querist.core.types import Event
from querist.storage import SqliteStore


def notes(n: int, size: int = 10) -> list[Event]:
    return [Event("note", {"n": i, "text": "x" * size}) for i in range(n)]


def test_the_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", notes(3))
        with pytest.raises(StateError) as caught:
            SqliteStore(path)
        assert caught.value.code == "Locked"
        assert str(path) in str(caught.value)
        with SqliteStore(path, read_only=True) as other:
            assert other.last("main") == 3
            store.append("main", notes(2))
            assert len(list(other.read("main"))) == 5
            with pytest.raises(StateError) as refused:
                other.append("main", notes(1))
            assert refused.value.code == "ReadOnly"
            with pytest.raises(StateError):
                other.refold()
        store.append("main", notes(1))  # a reader that closes takes no lock of the writer with it
    SqliteStore(path).close()


def test_closing_leaves_one_file_and_the_lock(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", notes(3))
        assert store.streams() == ("main",)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal.db", "journal.db.lock"]


def test_forgotten_stores_give_the_lock_back(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    store.append("main", notes(1))
    del store
    with SqliteStore(tmp_path / "journal.db") as again:
        assert again.last("main") == 1


def test_threads_share_one_store(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:

        def work(name: str) -> None:
            for i in range(40):
                store.append("main", [Event("note", {"who": name, "i": i})])
                list(store.read("main", 20))

        threads = [threading.Thread(target=work, args=(n,)) for n in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = list(store.read("main"))
        assert [e.seq for e in events] == list(range(1, 161))
        for name in "abcd":
            assert [e.payload["i"] for e in events if e.payload["who"] == name] == list(range(40))


def fill(store: SqliteStore, taken: list[int]) -> None:
    while True:
        taken.append(store.append("main", notes(5, size=500), expected=taken[-1]))


def test_a_full_file_refuses_by_name_loses_nothing_and_works_again(tmp_path: Path) -> None:
    """SQLITE_FULL, from a limit on pages."""
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", notes(20))
        connection = store._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}").close()
        taken = [20]
        with pytest.raises(ResourceError) as caught:
            fill(store, taken)
        assert caught.value.code == "DiskFull"
        assert caught.value.exit_code == 5
        for words in ("journal.db", "bytes are needed", "bytes are free", "All events taken before are kept"):
            assert words in str(caught.value)
        last = taken[-1]
        assert store.last("main") == last == len(list(store.read("main")))
        assert not connection.in_transaction
        connection.execute("PRAGMA max_page_count = 1000000").close()
        assert store.append("main", notes(5, size=500), expected=last) == last + 5
    from querist.storage.doctor import doctor

    assert [f for f in doctor(tmp_path) if f.severity == "error"] == []


LIMITED = """
import resource, sys
from pathlib import Path
from querist.core.errors import ResourceError
from querist.core.types import Event
from querist.storage import Artifacts, SqliteStore

folder = Path(sys.argv[1])
store, artifacts = SqliteStore(folder / "journal.db"), Artifacts(folder / "artifacts")
event = Event("note", {"text": "x" * 4000})
taken = store.append("main", [event])
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
try:
    while True:
        taken = store.append("main", [event], expected=taken)
except ResourceError as error:
    assert error.code == "DiskFull", error.code
assert store.last("main") == taken == len(list(store.read("main"))), (store.last("main"), taken)
try:
    artifacts.put(b"x" * 1_000_000)
    raise SystemExit("an artifact beyond the limit was taken")
except ResourceError as error:
    assert error.code == "DiskFull", error.code
    assert "Everything kept before is whole" in str(error)
assert list(artifacts.digests()) == [] and artifacts.leftovers() == []
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert store.append("main", [event], expected=taken) == taken + 1
assert artifacts.get(artifacts.put(b"x" * 1_000_000)).is_dir()
store.close()
print(taken + 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_limit_on_file_sizes_is_a_full_disk_too(tmp_path: Path) -> None:
    """SQLITE_IOERR_WRITE, from RLIMIT_FSIZE in a process of its own."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    with SqliteStore(tmp_path / "journal.db") as store:
        assert store.last("main") == int(done.stdout) > 10


def change(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER event_is_never_changed")
    connection.execute("DROP TRIGGER event_is_never_removed")
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    "sql, words",
    [
        ("UPDATE event SET payload = replace(payload, '\"n\":2', '\"n\":7') WHERE seq = 3", "event 3"),
        ("UPDATE event SET kind = 'mote' WHERE seq = 2", "event 2"),
        ("UPDATE event SET at = at + 1 WHERE seq = 5", "event 5"),
        ("UPDATE event SET payload = x'ff' WHERE seq = 4", "event 4"),
        ("UPDATE event SET payload = '{' WHERE seq = 4", "event 4"),
        ("DELETE FROM event WHERE seq = 3", "event 3"),
    ],
)
def test_a_changed_event_is_never_given_out(tmp_path: Path, sql: str, words: str) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", notes(5))
    change(path, sql)
    with SqliteStore(path) as store:
        good: list[int] = []
        with pytest.raises(StateError) as caught:
            good.extend(event.payload["n"] for event in store.read("main"))
        assert caught.value.code == "Corrupt"
        assert f"{words} of stream 'main'" in str(caught.value)
        assert good == list(range(len(good)))


def test_events_cannot_be_changed_or_removed_by_sql(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", notes(2))
    connection = sqlite3.connect(path)
    for sql in ("UPDATE event SET kind = 'x'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)
    connection.close()


def test_one_bit_is_found_or_harmless(tmp_path: Path) -> None:
    """Flip one bit at 150 places: every event that is given out is one that was written."""
    import random

    path = tmp_path / "journal.db"
    with SqliteStore(path) as store:
        store.append("main", notes(240, size=60))
        wanted = [(e.seq, e.payload) for e in store.read("main")]
    whole = path.read_bytes()
    rng = random.Random(5)
    codes: Counter[str] = Counter()
    for _ in range(150):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        given: list[object] = []
        try:
            with SqliteStore(path, read_only=True) as store:
                given.extend((e.seq, e.payload) for e in store.read("main"))
        except (StateError, ResourceError) as error:
            codes[error.code] += 1
        else:
            assert given == wanted
    assert set(codes) <= {"Corrupt", "NotAJournal", "NewerSchema", "OlderSchema", "NotWritable", "StoreFailed"}
    assert codes["Corrupt"] > 20


def test_a_long_journal_is_read_piece_by_piece(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", notes(1203))
        events = store.read("main", 499)
        assert next(events).seq == 500
        store.append("main", notes(1))  # no transaction is open between the pieces
        assert [e.seq for e in events] == list(range(501, 1204))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_must_not_touch_it(tmp_path: Path) -> None:
    code = """
import os, sys
from querist.core.errors import StateError
from querist.core.types import Event
from querist.storage import SqliteStore
store = SqliteStore(sys.argv[1])
store.append("main", [Event("note", {})])
child = os.fork()
if child == 0:
    try:
        store.append("main", [Event("note", {})])
    except StateError as error:
        store.close()
        os._exit(7 if error.code == "Locked" else 8)
    os._exit(9)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
store.append("main", [Event("note", {})], expected=1)
store.close()
print(status)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", code, str(tmp_path / "journal.db")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert (done.stdout, done.stderr) == ("7\n", "")
