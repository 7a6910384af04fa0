from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Asker, make, running


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 12, settings={"validation": 0.0})) as ask:
        yield ask


def body(handed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()), "query": handed["query"], "fence": handed["fence"], "item": handed["item"]["id"],
        "kind": "label", "value": "cat", "seconds": 1.5, **more,
    }  # fmt: skip


def test_an_item_is_handed_out_and_answered(ask: Asker) -> None:
    (handed,) = ask.hand()
    names = {"query", "fence", "item", "role", "reason", "score", "until", "suggestion", "previous", "flag"}
    assert set(handed) == names
    assert set(handed["item"]) == {"id", "text", "image", "width", "height", "fields"}
    assert handed["item"]["text"] == f"item {handed['item']['id'][1:]} é😀"
    said = ask("POST", "/api/v1/answers", body(handed))
    assert said.status == 200
    assert {**said.json, "seq": 0} == {
        "counted": True,
        "seq": 0,
        "item": handed["item"]["id"],
        "state": "labelled",
        "labelled": 1,
        "query": handed["query"],
    }
    project = ask("GET", "/api/v1/project").json
    assert [(c["name"], c["count"]) for c in project["classes"]] == [("cat", 1), ("dog", 0)]


def test_a_hand_out_says_whether_the_item_is_flagged(ask: Asker) -> None:
    ask("POST", "/api/v1/items/i3/flag", {"flag": True})
    handed = {one["item"]["id"]: one for one in ask.hand(12)}
    assert [id for id, one in handed.items() if one["flag"]] == ["i3"]
    ask("POST", "/api/v1/answers", body(handed["i3"]))
    assert ask("POST", "/api/v1/undo", {"key": str(uuid.uuid4())}).json["handed"]["flag"] is True
    ask("POST", "/api/v1/items/i3/flag", {"flag": False})
    assert ask("POST", "/api/v1/items/i3/take", {}).json["flag"] is False


def test_the_same_key_is_one_answer(ask: Asker) -> None:
    (handed,) = ask.hand()
    sent = body(handed)
    first, second = ask("POST", "/api/v1/answers", sent), ask("POST", "/api/v1/answers", sent)
    assert (first.status, first.json) == (second.status, second.json)
    other = ask("POST", "/api/v1/answers", {**sent, "value": "dog"})
    assert (other.status, other.code) == (422, "KeyReused")
    assert sent["key"] in other.json["detail"]
    assert ask("GET", "/api/v1/project").json["labelled"] == 1


def test_row_56_an_item_that_is_not_with_me(ask: Asker) -> None:
    (handed,) = ask.hand()
    for change in ({"query": "q99"}, {"item": "i99"}, {"item": "nothing"}):
        said = ask("POST", "/api/v1/answers", body(handed, **change))
        assert (said.status, said.code) == (409, "NotLeased")
        assert "lease" in said.json["detail"]


def test_row_57_an_old_fence_is_refused(ask: Asker) -> None:
    (handed,) = ask.hand()
    said = ask("POST", "/api/v1/answers", body(handed, fence=handed["fence"] + 7))
    assert (said.status, said.code) == (409, "StaleLease")
    assert handed["item"]["id"] in said.json["detail"]


def test_a_second_answer_is_kept_and_not_counted(ask: Asker) -> None:
    (handed,) = ask.hand()
    assert ask("POST", "/api/v1/answers", body(handed)).status == 200
    late = ask("POST", "/api/v1/answers", body(handed, value="dog"))
    assert late.status == 202
    assert late.json["counted"] is False
    assert "kept" in late.json["why"]
    shown = ask("GET", f"/api/v1/items/{handed['item']['id']}").json
    assert shown["value"] == "cat"
    assert [h["kind"] for h in shown["history"]] == ["asked", "told", "late"]


@pytest.mark.parametrize(
    "change, code",
    [
        ({"value": "bird"}, "UnknownLabel"),
        ({"value": 3}, None),
        ({"value": None}, None),
        ({"value": ["cat"]}, None),
        ({"kind": "skip", "value": "cat"}, "BadLabel"),
        ({"kind": "distribution", "value": {"cat": 0.5, "bird": 0.5}}, None),
        ({"kind": "distribution", "value": {"cat": -1.0, "dog": 2.0}}, None),
        ({"kind": "verification", "value": True}, "BadValue"),
        ({"rationale": {"words": [[0, 999]]}}, "BadRationale"),
        ({"rationale": {"boxes": [[0, 0, 2, 2]]}}, "BadRationale"),
        ({"note": "x" * 10_001}, "BadValue"),
        ({"seconds": -1.0}, "BadValue"),
        ({"key": "1"}, "BadValue"),
    ],
)
def test_row_59_what_is_no_answer_is_refused(ask: Asker, change: dict[str, Any], code: str | None) -> None:
    (handed,) = ask.hand()
    said = ask("POST", "/api/v1/answers", body(handed, **change))
    assert said.status == 422
    assert code in (None, said.code)
    assert ask("GET", "/api/v1/project").json["labelled"] == 0
    assert ask("POST", "/api/v1/answers", body(handed)).status == 200


def test_all_that_was_said_is_kept(ask: Asker) -> None:
    (handed,) = ask.hand()
    said = {
        "kind": "distribution",
        "value": {"cat": 0.25, "dog": 0.75},
        "rationale": {"words": [[0, 4]]},
        "note": "é😀",
    }
    assert ask("POST", "/api/v1/answers", body(handed, **said)).status == 200
    back = ask("POST", "/api/v1/undo", {"key": str(uuid.uuid4())}).json["handed"]
    assert back["item"]["id"] == handed["item"]["id"]
    assert {k: back["previous"][k] for k in said} == said


def test_undo_with_the_same_key_is_one(ask: Asker) -> None:
    for handed in ask.hand(2):
        ask("POST", "/api/v1/answers", body(handed))
    key = str(uuid.uuid4())
    first, second = (ask("POST", "/api/v1/undo", {"key": key}) for _ in range(2))
    assert first.status == second.status == 200
    assert first.json["handed"]["query"] == second.json["handed"]["query"]
    assert ask("GET", "/api/v1/project").json["labelled"] == 1
    answer = body(first.json["handed"], key=key)
    assert ask("POST", "/api/v1/answers", answer).code == "KeyReused"
    assert ask("POST", "/api/v1/undo", {"key": str(uuid.uuid4())}).status == 200
    none = ask("POST", "/api/v1/undo", {"key": str(uuid.uuid4())})
    assert (none.status, none.code) == (409, "NothingToUndo")


def test_undo_of_a_named_answer_is_once_for_a_key_too(ask: Asker) -> None:
    one, two = ask.hand(2)
    for handed in (one, two):
        ask("POST", "/api/v1/answers", body(handed))
    sent = {"key": str(uuid.uuid4()), "tab": "t", "query": one["query"]}
    first, second = (ask("POST", "/api/v1/undo", sent) for _ in range(2))
    assert first.status == second.status == 200
    assert first.json["handed"]["item"]["id"] == one["item"]["id"]
    assert first.json["handed"]["query"] == second.json["handed"]["query"]
    for other in ({**sent, "query": two["query"]}, {"key": sent["key"]}):
        assert ask("POST", "/api/v1/undo", other).code == "KeyReused"
    gone = ask("POST", "/api/v1/undo", {**sent, "key": str(uuid.uuid4())})
    assert (gone.status, gone.code) == (409, "NothingToUndo")
    assert one["query"] in gone.json["detail"]
    assert ask("GET", "/api/v1/project").json["labelled"] == 1


def test_hand_outs_go_back_and_are_renewed(ask: Asker) -> None:
    handed = ask.hand(3)
    queries = [one["query"] for one in handed]
    said = ask("POST", "/api/v1/renew", {"queries": queries})
    assert said.json["until"] >= handed[0]["until"]
    assert said.json["lost"] == []
    assert ask("POST", "/api/v1/renew", {"queries": ["q99", queries[0]]}).json["lost"] == ["q99"]
    assert ask("POST", "/api/v1/return", {"queries": [*queries, "q99"]}).json == {"count": 3}
    assert ask("POST", "/api/v1/return", {"queries": queries}).json == {"count": 0}


def test_all_handed_out_and_exhausted_are_said(ask: Asker) -> None:
    out = [*ask.hand(7), *ask.hand(5)]
    assert len({one["item"]["id"] for one in out}) == 12
    said = ask("POST", "/api/v1/next", {"count": 1, "tab": "x"}).json
    assert (said["items"], said["left"], said["why"]) == ([], 12, "all handed out")
    for one in out:
        assert ask("POST", "/api/v1/answers", body(one)).status == 200
    said = ask("POST", "/api/v1/next", {"count": 1, "tab": "x"}).json
    assert (said["items"], said["left"], said["why"]) == ([], 0, "exhausted")


def test_a_certain_item_can_be_taken_and_changed(ask: Asker) -> None:
    handed = ask("POST", "/api/v1/items/i5/take").json
    assert (handed["item"]["id"], handed["role"]) == ("i5", "picked")
    assert ask("POST", "/api/v1/answers", body(handed)).status == 200
    again = ask("POST", "/api/v1/items/i5/take", {"tab": "t"}).json
    assert again["previous"]["value"] == "cat"
    assert ask("POST", "/api/v1/answers", body(again, value="dog")).status == 200
    assert ask("GET", "/api/v1/items/i5").json["value"] == "dog"
    missing = ask("POST", "/api/v1/items/nothing/take")
    assert (missing.status, missing.code) == (404, "UnknownItem")


def test_an_item_is_flagged_and_unflagged(ask: Asker) -> None:
    assert ask("POST", "/api/v1/items/i3/flag", {"flag": True, "note": "look"}).status == 204
    assert ask("GET", "/api/v1/project").json["flagged"] == 1
    assert [i["id"] for i in ask("GET", "/api/v1/items?flag=true").json["items"]] == ["i3"]
    assert ask("POST", "/api/v1/items/i3/flag", {"flag": False}).status == 204
    assert ask("GET", "/api/v1/project").json["flagged"] == 0
    assert ask("POST", "/api/v1/items/nothing/flag", {"flag": True}).status == 404
