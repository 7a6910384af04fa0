from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from querist.data.record import Record
from querist.server.listing import Listing
from querist.server.task import Task
from querist.server.wire import ItemsQuery
from serving import Asker, make, running


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """i0 cat, i1 dog, i2 half cat, i3 skipped, i4 rejected, i5 handed out, i6 flagged; the model has guessed i7, i8, i9."""
    texts = [f"Text {k} 100% a_b ÄRGER" if k == 7 else f"text {k}" for k in range(12)]
    records = [Record(id=f"i{k}", text=text, fields={"n": k}) for k, text in enumerate(texts)]
    folder = make(tmp_path_factory.mktemp("listing") / "p", records, settings={"validation": 0.0})
    with running(folder) as ask, ask.server.client() as client:
        told: list[tuple[str, str, Any]] = [
            ("i0", "label", "cat"), ("i1", "label", "dog"), ("i2", "distribution", {"cat": 0.5, "dog": 0.5}),
            ("i3", "skip", None), ("i4", "reject", None),
        ]  # fmt: skip
        for id, kind, value in told:
            client.answer(client.take(id), kind, value)
        client.take("i5")
        client.flag("i6", note="look")

        def guesses(work: Any) -> None:
            for id, p in (("i7", 0.9), ("i8", 0.5), ("i9", 0.5)):
                work.connection.execute(
                    "INSERT INTO guess VALUES (?, ?)", (id, json.dumps([["cat", p], ["dog", 1 - p]]))
                )

        ask.server.service.project.writer.do(guesses)
        yield ask


def ids(ask: Asker, query: str) -> list[str]:
    said = ask("GET", f"/api/v1/items?{query}")
    assert said.status == 200, said.body
    return [item["id"] for item in said.json["items"]]


@pytest.mark.parametrize(
    "query, found",
    [
        ("", list(range(12))),
        ("state=labelled", [0, 1, 2]),
        ("state=skipped", [3]),
        ("state=rejected", [4]),
        ("state=pending", [5]),
        ("state=unlabelled", [6, 7, 8, 9, 10, 11]),
        ("label=cat", [0, 2]),
        ("label=ca", []),
        ("label=cat&state=skipped", []),
        ("flag=true", [6]),
        ("flag=false", [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]),
        ("flag=true&state=labelled", []),
        ("text=100%25", [7]),
        ("text=a_b", [7]),
        ("text=_", [7]),
        ("text=%C3%A4rger", [7]),
        ("text=TEXT%201", [1, 10, 11]),
        ("text=i11", [11]),
        ("sort=doubt", [8, 9, 7]),
        ("sort=doubt&state=labelled", []),
        ("sort=doubt&flag=false&text=text", [8, 9, 7]),
    ],
)
def test_filters_find_what_they_say(ask: Asker, query: str, found: list[int]) -> None:
    assert ids(ask, query) == [f"i{k}" for k in found]


@pytest.mark.parametrize("query", ["", "&state=unlabelled", "&flag=false", "&sort=doubt", "&text=text", "&label=cat"])
def test_pages_together_are_the_whole(ask: Asker, query: str) -> None:
    whole, seen, cursor = ids(ask, f"limit=200{query}"), [], ""
    for _ in range(20):
        page = ask("GET", f"/api/v1/items?limit=2{query}{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole


def test_rows_say_who_and_when_and_what_the_model_thinks(ask: Asker) -> None:
    rows = {item["id"]: item for item in ask("GET", "/api/v1/items").json["items"]}
    assert (rows["i0"]["value"], rows["i0"]["by"]) == ("cat", "me")
    assert rows["i0"]["at"] > 1e9
    assert rows["i2"]["value"] == {"cat": 0.5, "dog": 0.5}
    assert rows["i7"]["guess"] == ["cat", 0.9]
    assert (rows["i10"]["by"], rows["i10"]["at"], rows["i10"]["guess"]) == (None, None, None)
    assert rows["i3"]["fields"] == {"n": 3}


def test_history_is_in_order_and_short(ask: Asker) -> None:
    history = ask("GET", "/api/v1/items/i0").json["history"]
    assert [step["kind"] for step in history] == ["asked", "told"]
    assert (history[1]["value"], history[1]["user"], history[1]["answer"]) == ("cat", "me", "label")
    assert ask("GET", "/api/v1/items/i6").json["history"][0]["note"] == "look"


def test_the_connection_cannot_write(ask: Asker) -> None:
    folder = ask.server.service.folder
    listing = Listing(folder / "journal.db", folder / "items.db", b"s" * 32)
    for statement in ("DELETE FROM contents.item", "DELETE FROM main.flag"):
        with pytest.raises(Exception, match=r"readonly|read-only"):
            listing._connection.execute(statement)
    listing.close()


@pytest.mark.parametrize(
    "query",
    [
        ItemsQuery(limit=5),
        ItemsQuery(limit=5, state="labelled"),
        ItemsQuery(limit=5, state="unlabelled"),
        ItemsQuery(limit=5, label="cat"),
        ItemsQuery(limit=5, flag=False),
        ItemsQuery(limit=5, text="x"),
    ],
)
def test_a_page_of_many_items_reads_a_page(tmp_path: Path, query: ItemsQuery) -> None:
    """The plan of each query, so that a million items cost what fifty do: no walk over the rest, no sorting of it."""
    folder = make(tmp_path / "p", [Record(id=f"i{k}", text="x") for k in range(300)])
    listing = Listing(folder / "journal.db", folder / "items.db", b"s" * 32)
    seen: list[str] = []
    listing.page(query)
    listing._connection.set_trace_callback(seen.append)
    rows, _ = listing.page(query)
    listing._connection.set_trace_callback(None)
    texts = [text for text in seen if "contents.item c LEFT JOIN" in text]
    assert len(texts) == (1 if rows else 0)
    plan = [step[3] for text in texts for step in listing._connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    assert not plan or "SEARCH c USING INTEGER PRIMARY KEY (rowid>?)" in plan[0] or "(rowid=?)" in plan[0], plan
    assert not any("TEMP B-TREE" in step or "SCAN c" in step for step in plan), plan
    listing.close()


def test_pages_stay_right_beside_answers_and_an_index_made_meanwhile(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 9, settings={"validation": 0.0})
    with running(folder) as ask, ask.server.client() as client:
        listing = Listing(folder / "journal.db", folder / "items.db", b"s" * 32)
        client.label(client.take("i3"), "dog")
        listing.warm()
        made = listing._index
        listing.warm()
        assert listing._index is made
        assert made.seq > 1
        client.label(client.take("i2"), "dog")
        assert [row["id"] for row in listing.page(ItemsQuery(label="dog"))[0]] == ["i2", "i3"]
        assert [row["id"] for row in listing.page(ItemsQuery(label="dog", text="i3"))[0]] == ["i3"]
        assert listing.page(ItemsQuery(state="skipped"))[0] == []
        listing.close()


def test_a_filtered_page_waits_for_the_index_that_is_being_made_and_others_do_not(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 9)
    listing = Listing(folder / "journal.db", folder / "items.db", b"s" * 32)
    found: list[int] = []
    with listing._warming:
        waits = threading.Thread(target=lambda: found.append(len(listing.page(ItemsQuery(state="unlabelled"))[0])))
        waits.start()
        assert len(listing.page(ItemsQuery())[0]) == len(listing.page(ItemsQuery(text="t"))[0]) == 9
        assert not found
    waits.join(10)
    assert found == [9]
    listing.close()


GUESSED: dict[str, list[tuple[str, list[list[Any]]]]] = {
    "number": [("i0", [["3.5", None]]), ("i1", [["1", None]]), ("i2", [["2", None]])],
    "multi": [
        ("i0", [["cat", 0.02], ["dog", 0.01]]),  # sure of none
        ("i1", [["cat", 0.9], ["dog", 0.45]]),
        ("i2", [["cat", 0.6], ["dog", 0.1]]),
        ("i3", []),
    ],
}


@pytest.mark.parametrize(("kind", "order"), [("number", ["i0", "i1", "i2"]), ("multi", ["i1", "i2", "i0", "i3"])])
def test_doubt_of_several_classes_is_of_the_least_decided_and_of_a_number_unknown(
    tmp_path: Path, kind: Any, order: list[str]
) -> None:
    records = [Record(id=f"i{k}", text=f"text {k}") for k in range(5)]
    classes = () if kind == "number" else ("cat", "dog")
    folder = make(tmp_path / "p", records, task=Task(kind, classes), settings={"validation": 0.0})
    with running(folder) as ask:

        def guesses(work: Any) -> None:
            work.connection.executemany(
                "INSERT INTO guess VALUES (?, ?)", [(i, json.dumps(g)) for i, g in GUESSED[kind]]
            )

        ask.server.service.project.writer.do(guesses)
        found: list[str] = []
        cursor = ""
        while len(found) < 9:
            page = ask("GET", f"/api/v1/items?sort=doubt&limit=1{cursor}").json
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == order
        if kind == "number":
            assert ask("GET", "/api/v1/items/i0").json["guess"] == ["3.5", None]
