from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from querist.server.alike import InUse, write_in_use
from serving import Asker, Said, make, running


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 20, settings={"validation": 0.0})) as ask:
        yield ask


def names(ask: Asker) -> list[str]:
    return [c["name"] for c in ask("GET", "/api/v1/project").json["classes"]]


def test_settings_change_and_last(ask: Asker) -> None:
    said = ask(
        "PATCH", "/api/v1/settings", {"advance": False, "guideline": "# Read *me*", "keys": {"submit": "Ctrl+Enter"}}
    )
    assert said.status == 200
    assert said.json["guideline"] == "# Read *me*"
    assert said.json["settings"]["advance"] is False
    now = ask("GET", "/api/v1/project").json
    assert now == said.json
    assert now["settings"]["keys"] == {"submit": "Ctrl+Enter"}
    assert now["settings"]["suggestions"] == "after"


def test_keys_of_classes(ask: Asker) -> None:
    def keys() -> dict[str, str | None]:
        return {c["name"]: c["key"] for c in ask("GET", "/api/v1/project").json["classes"]}

    assert keys() == {"cat": None, "dog": None}
    assert ask("PATCH", "/api/v1/settings", {"class_keys": {"cat": "c", "dog": "F2"}}).status == 200
    assert keys() == {"cat": "c", "dog": "F2"}
    for bad, code, words in (
        ({"cat": "c", "dog": "c"}, "BadSetting", ["'c'", "'cat'", "'dog'"]),
        ({"cat": "x"}, "BadSetting", ["'x'", "'cat'", "'reject'"]),
        ({"cta": "k"}, "UnknownLabel", ["'cta'"]),
    ):
        said = ask("PATCH", "/api/v1/settings", {"class_keys": bad})
        assert (said.status, said.code) == (422, code), said.json
        assert all(word in said.json["detail"] for word in words), said.json
    ask("POST", "/api/v1/classes", {"rename": "cat", "to": "feline"})
    said = ask("POST", "/api/v1/classes", {"merge": "dog", "into": "feline"})
    assert keys() == {"feline": "c"} == said.json["settings"]["class_keys"]
    assert said.json["renames"] == [["cat", "feline"], ["dog", "feline"]]


def test_a_strategy_that_is_none_is_not_kept(ask: Asker) -> None:
    said = ask("PATCH", "/api/v1/settings", {"strategy": "margn"})
    assert (said.status, said.code) == (422, "UnknownStrategy")
    assert "margin" in said.json["detail"]
    assert ask("PATCH", "/api/v1/settings", {"strategy": "shortlist(margin, times=10) | k_center"}).status == 200
    assert ask("GET", "/api/v1/project").json["settings"]["strategy"].startswith("shortlist")


def test_classes_are_added_renamed_and_merged(ask: Asker) -> None:
    assert ask("POST", "/api/v1/classes", {"add": "bird"}).status == 200
    assert names(ask) == ["cat", "dog", "bird"]
    handed = ask.hand()[0]
    told = {"key": str(uuid.uuid4()), "query": handed["query"], "fence": handed["fence"], "item": handed["item"]["id"]}
    assert ask("POST", "/api/v1/answers", {**told, "kind": "label", "value": "bird"}).status == 200
    assert ask("POST", "/api/v1/classes", {"rename": "bird", "to": "<b>owl</b>"}).status == 200
    assert ask("GET", f"/api/v1/items/{handed['item']['id']}").json["value"] == "<b>owl</b>"
    said = ask("POST", "/api/v1/classes", {"merge": "<b>owl</b>", "into": "cat"})
    assert [(c["name"], c["count"]) for c in said.json["classes"]] == [("cat", 1), ("dog", 0)]


def test_seeds_come_first(ask: Asker) -> None:
    assert ask("POST", "/api/v1/seeds", {"class": "cat", "text": "item 17"}).json == {"items": 1}
    ask("PATCH", "/api/v1/settings", {"control": 0.0})
    handed = ask.hand()[0]
    assert handed["item"]["id"] == "i17"
    assert "cat" in handed["reason"]


def test_items_like_an_example_come_first_and_what_is_missing_is_said(ask: Asker) -> None:
    def seed(**more: str) -> Said:
        return ask("POST", "/api/v1/seeds", {"class": "cat", **more})

    assert (seed(item="i3").status, seed(item="i3").code) == (409, "NoFeatures")
    assert (seed(item="i3", text="x").status, seed(item="i3", text="x").code) == (422, "BadValue")
    folder = ask.server.service.folder / "features"
    folder.mkdir(exist_ok=True)
    angles = (np.arange(20) - 7.2) / 10  # i7 is nearest to i8 and i6, then i9 and i5
    np.save(folder / "features-a.npy", np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    write_in_use(folder, InUse("made", (("features-a.npy", 0, 20),), {}))
    assert (seed().status, seed().code) == (409, "NoExample")
    assert (seed(item="none").status, seed(item="none").code) == (404, "UnknownItem")
    ask("PATCH", "/api/v1/settings", {"control": 0.0})
    assert seed(item="i7").json == {"items": 19}
    handed = ask.hand(4)
    assert {h["item"]["id"] for h in handed[:2]} == {"i6", "i8"}
    assert {h["item"]["id"] for h in handed[2:]} == {"i5", "i9"}
    assert handed[0]["reason"] == "It is like the item that you chose as an example of cat."


def test_without_a_trainer_it_is_said(ask: Asker) -> None:
    said = ask("POST", "/api/v1/trainer", {"do": "retrain"})
    assert (said.status, said.code) == (409, "NoTrainer")
    assert ask("GET", "/api/v1/project").json["trainer"]["state"] == "off"


def test_strategies_and_panel_are_shown(ask: Asker) -> None:
    found = {one["name"]: one["about"] for one in ask("GET", "/api/v1/strategies").json}
    assert found["margin"]
    assert len(found) > 50
    panel = ask("GET", "/api/v1/panel").json
    assert panel["classes"] == [{"name": "cat", "count": 0}, {"name": "dog", "count": 0}]


def test_the_interface_describes_itself(ask: Asker) -> None:
    described = ask("GET", "/api/v1/openapi.json").json
    assert described["openapi"].startswith("3.")
    paths = {path for path in described["paths"] if path.startswith("/api/v1/")}
    assert {"/api/v1/next", "/api/v1/answers", "/api/v1/items/{id}/image", "/api/v1/events"} <= paths
    assert "AnswerIn" in described["components"]["schemas"]
    assert described["components"]["schemas"]["AnswerIn"]["additionalProperties"] is False
