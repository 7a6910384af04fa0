"""`firal` by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.kernels.firal import class_blocks, ratio
from querist.strategies.kernels.fisher import Rows

EVEN = np.full((3, 2), 0.5)
AXES = np.array([[3.0, 0.0], [0.0, 3.0], [2.9, 0.0]])


def test_one_item_for_each_direction() -> None:
    chosen = querist.select("firal", 2, probs=EVEN, embedding=AXES)
    assert sorted(chosen.indices.tolist()) == [0, 1]
    assert "in the relaxed batch" in chosen.reasons[0]
    assert (chosen.scores > 0).all()


@pytest.mark.parametrize("role", ["labelled", "pending"])
def test_what_is_known_counts(role: str) -> None:
    known: Any = {role: {"probs": EVEN[:1], "embedding": AXES[:1] * 3}}
    assert querist.select("firal", 1, probs=EVEN, embedding=AXES, **known).indices.tolist() == [1]


def test_better_than_chance_and_never_below_the_bound() -> None:
    rng = np.random.default_rng(0)
    h = rng.normal(size=(400, 6)) * np.array([4, 3, 2, 1, 1, 1])
    logits = h @ rng.normal(size=(6, 4))
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = Rows(p, h)
    fisher, ridge = class_blocks(rows) / 400, np.eye(6)

    def value(picked: Any) -> float:
        return ratio(ridge + class_blocks(rows.take(np.asarray(picked))), fisher)

    chosen = querist.select("firal", 12, probs=p, embedding=h)
    bound = float(chosen.reasons[0].rsplit(" ", 1)[1])
    chance = [value(rng.choice(400, 12, replace=False)) for _ in range(50)]
    assert bound * 0.999 <= value(chosen.indices) < min(chance)
    tried = [value(querist.select(f"firal(eta={e})", 12, probs=p, embedding=h).indices) for e in (0.5, 2, 8)]
    assert value(chosen.indices) == pytest.approx(min(tried)), "the best of three learning rates is kept"


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="eta must be a number > 0, got 0"):
        querist.Firal(eta=0)
    with pytest.raises(ArgumentError, match="ridge must be a number > 0"):
        querist.Firal(ridge=-1)
