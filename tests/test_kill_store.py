"""Killed at random, nothing acknowledged is lost: ten kills; `python tests/kill_store.py --kills 1000` for more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kill_store import inspect, kill_once
from querist.core.types import Event
from querist.storage import SqliteStore


@pytest.mark.slow
def test_ten_kills_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    outcomes = [kill_once(tmp_path, rng.uniform(0.0, 0.25)) for _ in range(10)]
    assert [o.faults for o in outcomes] == [()] * 10
    assert [o.lost for o in outcomes] == [0] * 10
    assert max(o.seconds for o in outcomes) < 1.0
    assert outcomes[-1].acknowledged > 10  # it wrote something at all


def test_a_loss_would_be_seen(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "journal.db") as store:
        store.append("main", [Event("asked", {"query": "q", "turn": 0, "items": ["a"]})])
    outcome = inspect(tmp_path, acknowledged=3)
    assert outcome.lost == 2
    assert outcome.faults == ("half of an append is there",)
