"""The items of a project: streamed in whole or not at all, read beside a writer, found again by id, row and text."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.core.errors import DataError, QueristError, StateError, UnknownNameError
from querist.data.ids import ContentIds, copy_numbers, digest_texts
from querist.data.item_file import open_file
from querist.data.item_store import ItemStore, Record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ItemStore]:
    with ItemStore(tmp_path / "items.db") as made:
        yield made


def test_what_is_put_in_comes_out(store: ItemStore) -> None:
    full = Record(
        "a",
        "naïve ☃ 𝄞\0\r\n",
        "pictures/a.png",
        {"x": 1.5, "y": None},
        suggestions=[{"value": "cat", "score": 0.5, "source": "m"}],
        extra={"meta": {"k": [1, 2]}},
    )
    assert store.add([full, Record(fields={"x": 2})], "first") == 2
    assert store.add([Record(text="b")], "second") == 1
    a = store.get("a")
    assert (a.row, a.id, a.text, a.file, a.fields) == (0, "a", full.text, full.file, full.fields)
    assert (a.suggestions, a.extra) == (full.suggestions, full.extra)
    assert [item.row for item in store.at([2, 0, 2])] == [2, 0, 2]
    assert store.at([1])[0].fields == {"x": 2}
    assert [(name, items) for _, name, items in store.imports()] == [("first", 2), ("second", 1)]
    assert [store.row_of(i) for i in store.ids()] == [0, 1, 2]
    assert "a" in store
    assert "z" not in store
    with ItemStore(store.path, create=False) as again:
        assert again.get("a") == a
        assert again.digest() == store.digest()


def test_ids_from_content_are_those_of_read(store: ItemStore) -> None:
    texts = ["x", "y", "x", "x", "z", "y"]
    store.add([Record(text=t) for t in texts[:3]], "one")
    store.add([Record(text=t) for t in texts[3:]], "two")
    contents = digest_texts(texts)
    assert store.ids() == list(ContentIds(contents, copy_numbers(contents)))


def test_an_id_that_is_there_refuses_the_whole_import(store: ItemStore) -> None:
    store.add([Record("a", "1"), Record("b", "2")], "one")
    before = store.digest()
    with pytest.raises(DataError, match="id 'b' of record 2 is that of the item in row 1") as caught:
        store.add([Record("c", "3"), Record("b", "4")], "two.csv")
    assert caught.value.code == "DuplicateId"
    with pytest.raises(DataError, match="id 'd' of record 2 is that of the item in row 2"):
        store.add([Record("d", "3"), Record("d", "4")], "two.csv")
    assert (len(store), store.digest(), len(store.imports())) == (2, before, 1)


def test_known_items_are_left_out_when_asked_and_each_record_is_told(store: ItemStore) -> None:
    store.add([Record("a", "1"), Record(text="2")], "one")
    told: list[tuple[str, str | None, bool]] = []
    records = [Record("a", "other"), Record(text="2"), Record("c", "3"), Record("c", "3")]
    added = store.add(records, "two", known="skip", each=lambda id, r, new: told.append((id, r.text, new)))
    assert added == 1
    assert told == [("a", "other", False), (store.ids()[1], "2", False), ("c", "3", True), ("c", "3", False)]
    assert store.get("a").text == "1"
    assert [item.row for batch in store.batches() for item in batch] == [0, 1, 2]


@pytest.mark.parametrize("bad", ["reader", "id", "surrogate", "nothing", "fields", "each"])
def test_a_fault_in_a_late_piece_leaves_nothing(store: ItemStore, bad: str) -> None:
    store.add([Record("first", "x")], "one")

    def records() -> Iterator[Record]:
        yield from (Record(f"i{k}", "y") for k in range(10_001))
        if bad == "reader":
            raise DataError("line 10002 is bad", code="BadRow")
        yield {
            "id": Record("a\0b", "y"),
            "surrogate": Record("s", "\ud800"),
            "nothing": Record("n"),
            "fields": Record("f", fields={"x": float("nan")}),
        }.get(bad, Record("good", "y"))

    def each(id: str, record: Record, new: bool) -> None:
        if bad == "each" and id == "good":
            raise DataError("refused", code="BadLabel")

    with pytest.raises(DataError):
        store.add(records(), "two", each=each)
    assert store.ids() == ["first"]
    assert len(store.imports()) == 1
    assert store.add([Record("i0", "y")], "three") == 1


def test_reads_go_on_beside_a_writer(store: ItemStore) -> None:
    store.add([Record(f"a{k}", "old") for k in range(10)], "one")
    half, seen = threading.Event(), threading.Event()

    def slow() -> Iterator[Record]:
        yield from (Record(f"b{k}", "new") for k in range(10_001))
        half.set()
        assert seen.wait(10)
        yield Record("last", "new")

    writer = threading.Thread(target=store.add, args=(slow(), "two"))
    writer.start()
    assert half.wait(10)
    with ItemStore(store.path) as other:
        assert (len(store), len(other), other.get("a3").text) == (10, 10, "old")
        assert store.search("new") == []
        seen.set()
        writer.join(10)
        assert (len(store), len(other)) == (10_012, 10_012)


_IMPORT_AND_DIE = """
import os, sys
from querist.data.item_store import ItemStore, Record

store = ItemStore(sys.argv[1])
store.add([Record("kept", "x")], "one")

def records():
    yield from (Record(f"b{k}", "y" * 500) for k in range(30_000))
    os._exit(9)

store.add(records(), "two")
"""


def test_a_killed_import_leaves_what_was_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _IMPORT_AND_DIE, str(tmp_path / "items.db")]
    assert subprocess.run(command, timeout=60, check=False).returncode == 9
    with ItemStore(tmp_path / "items.db") as store:
        assert store.ids() == ["kept"]
        assert store.add([Record("b0", "y")], "again") == 1


def test_two_importers_at_once_are_kept_apart(store: ItemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    def impatient(path: Path, *, read_only: bool) -> sqlite3.Connection:
        connection = open_file(path, read_only=read_only)
        connection.execute("PRAGMA busy_timeout = 20")
        return connection

    monkeypatch.setattr("querist.data.item_store.open_file", impatient)
    with pytest.raises(StateError, match="kept busy by another program") as caught:
        store.add([Record("a", "x")], "one")
    assert caught.value.code == "Locked"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.add([Record("a", "x")], "one") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_a_full_disk_is_named_and_costs_nothing(store: ItemStore) -> None:
    store.add([Record("a", "x")], "one")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, old[1]))
    try:
        with pytest.raises(QueristError, match="Nothing of this import was taken") as caught:
            store.add((Record(f"b{k}", "y" * 1000) for k in range(20_000)), "two")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert caught.value.code == "DiskFull"
    assert store.ids() == ["a"]
    assert store.add([Record("b0", "y")], "three") == 1


def test_search_knows_case_wildcards_and_pages(store: ItemStore) -> None:
    texts = ["Über alles", "über", "100% good", "1000 good", "a_b", "axb", "back\\slash", "plain"]
    store.add([Record(f"i{k}", t) for k, t in enumerate(texts)] + [Record("f", file="cats/7.png")], "one")
    store.add([Record("g", fields={"maker": "Größe"})], "two")

    def found(text: str, **more: int) -> list[str]:
        return [item.id for item in store.search(text, **more)]

    assert found("ÜBER") == ["i0", "i1"]
    assert found("0%") == ["i2"]
    assert found("A_B") == ["i4"]
    assert found("k\\s") == ["i6"]
    assert found("CATS/") == ["f"]
    assert found("größe") == ["g"]
    assert found("i7") == ["i7"]
    assert found("good", limit=1) == ["i2"]
    assert found("good", after_row=2) == ["i3"]
    assert found("nowhere") == []


def test_rows_of_many_ids_leave_out_those_that_are_not_there(store: ItemStore) -> None:
    store.add([Record(id=f"i{k}", text="x") for k in range(25_000)], "made")
    wanted = [f"i{k}" for k in range(24_999, -1, -2)]
    assert store.rows_of([*wanted, "unknown", "i1"]) == list(range(1, 25_000, 2))
    assert store.rows_of([]) == []
    assert store.places(["i3", "unknown", "i1"]) == {"i1": 1, "i3": 3}


def test_unknown_ids_and_rows_are_named(store: ItemStore) -> None:
    with pytest.raises(UnknownNameError, match="the project has no items"):
        store.get("a")
    store.add([Record("abc", "x")], "one")
    for ask in (store.get, store.row_of):
        with pytest.raises(UnknownNameError, match=r"unknown item 'abd' .* ids look like 'abc'") as caught:
            ask("abd")
        assert caught.value.code == "UnknownItem"
    with pytest.raises(UnknownNameError, match="there is no row 1"):
        store.at([0, 1])
    with pytest.raises(QueristError, match="limit must be 1 or more"):
        store.search("x", limit=0)
    store.close()
    with pytest.raises(StateError, match="are closed"):
        len(store)


def test_a_missing_row_and_broken_fields_are_damage(store: ItemStore) -> None:
    store.add([Record(f"a{k}", "x", fields={"k": k}) for k in range(5)], "one")
    with sqlite3.connect(store.path) as connection:
        connection.execute("DELETE FROM item WHERE row = 2")
        connection.execute("UPDATE item SET fields = '{' WHERE row = 3")
    connection.close()
    with pytest.raises(StateError, match="rows are missing") as caught:
        store.ids()
    assert caught.value.code == "Corrupt"
    with pytest.raises(StateError, match="fields of row 3 cannot be read"):
        store.get("a3")


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _text, lambda x: st.lists(x, max_size=2)
)
_records = st.builds(
    Record,
    text=_text,
    file=st.none() | _text,
    fields=st.none() | st.dictionaries(_text, _json, max_size=2),
    extra=st.dictionaries(_text, _json, max_size=2),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.lists(_records, max_size=4), max_size=3))
def test_drawn_records_come_back(pieces: list[list[Record]], tmp_path_factory: pytest.TempPathFactory) -> None:
    with ItemStore(tmp_path_factory.mktemp("s") / "items.db") as store:
        for piece in pieces:
            store.add(piece, "drawn")
        records = [r for piece in pieces for r in piece]
        items = [item for batch in store.batches(3) for item in batch]
        assert [(i.text, i.file, i.fields, i.extra) for i in items] == [
            (r.text, r.file, r.fields, r.extra) for r in records
        ]
        assert len(set(store.ids())) == len(records) == len(store)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """60,000 texts of 2 kB are 120 MB: the import may hold a few pieces of them and no more."""
    code = (
        "import resource, sys\n"
        "from querist.data.item_store import ItemStore, Record\n"
        "store = ItemStore(sys.argv[1])\n"
        "store.add((Record(text=f'{k} ' * 10) for k in range(20_000)), 'warm')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "store.add((Record(text=f'{k:8} ' * 220) for k in range(60_000)), 'large')\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "i.db")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 140, "64 MiB of pages and some pieces of 20 MB"
