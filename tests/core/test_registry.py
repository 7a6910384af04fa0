"""The registry: one door, names, plug-ins only when a name is missed or everything is listed."""

from __future__ import annotations

import sys
from importlib import metadata
from types import ModuleType
from typing import Any

import pytest

from querist.core.errors import ArgumentError, UnknownNameError
from querist.core.registry import Registry, registry, snake


def test_snake() -> None:
    assert [snake(n) for n in ("KCenter", "BatchBALD", "Margin", "AlfaMix", "TypiClust")] == [
        "k_center",
        "batch_bald",
        "margin",
        "alfa_mix",
        "typi_clust",
    ]


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    room = ModuleType("a_room")
    room.register = lambda r: r.add("score", "mine", dict)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_room", room)
    return {"score": "a_room"}


def test_lookup_and_did_you_mean(doors: dict[str, str]) -> None:
    r = Registry(doors, entry_points=None)
    assert r.find("mine", "score").factory is dict
    with pytest.raises(UnknownNameError, match="did you mean mine") as error:
        r.find("mihne", "score")
    assert error.value.code == "UnknownName"


def test_entry_points_are_scanned_on_a_miss_or_a_listing_only(
    doors: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[str] = []

    class Point:
        def load(self) -> Any:
            return lambda r: r.add("score", "theirs", list)

    def entry_points(group: str) -> list[Point]:
        scans.append(group)
        return [Point()]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    r = Registry(doors)
    r.find("mine", "score")
    assert scans == []
    assert r.find("theirs", "score").factory is list
    assert scans == ["querist.plugins"]
    assert [e.name for e in r.entries("score")] == ["mine", "theirs"]
    assert scans == ["querist.plugins"], "scanned once"


def test_names_are_checked(doors: dict[str, str]) -> None:
    r = Registry(doors, entry_points=None)
    r.add("score", "a", dict)
    r.add("score", "a", dict)
    with pytest.raises(ArgumentError, match="choose another name"):
        r.add("score", "a", list)
    with pytest.raises(ArgumentError, match="snake_case"):
        r.add("score", "NotSnake", dict)


def test_unknown_strategy_names_three_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown strategy 'margn'; did you mean margin") as error:
        registry.find("margn", "score", "selector", "filter", "strategy")
    assert error.value.code == "UnknownStrategy"
