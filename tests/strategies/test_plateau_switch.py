"""The plateau switch: by hand, and it never switches back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import EMBEDDING, PROBS, Context, View
from querist.core.types import Round
from querist.strategies.plateau_switch import PlateauSwitch

P = np.random.default_rng(0).dirichlet(np.ones(3), 20)
PART = PlateauSwitch("margin", "random", window=2, least=0.01)


def reason(*accuracies: float | None, part: PlateauSwitch = PART, name: str = "accuracy") -> str:
    history = tuple(Round(i, i, 0.0, metrics={name: a}) for i, a in enumerate(accuracies))  # type: ignore[dict-item]
    ctx = Context(View(20, {PROBS: P}), history=history, round=len(history))
    return part.select(ctx, 2).reasons[0]


def test_by_hand() -> None:
    assert reason().endswith("; margin while accuracy rises")
    assert reason(0.5, 0.5).endswith("margin while accuracy rises")  # no window of two rounds is full
    assert reason(0.5, 0.6, 0.7, 0.75).endswith("margin while accuracy rises")
    assert reason(0.5, 0.6, 0.7, 0.605).endswith("random since round 3: accuracy rose by 0.005 in 2 rounds")


def test_it_does_not_switch_back() -> None:
    assert "random since round 2" in reason(0.5, 0.5, 0.5, 0.9, 0.95, 0.99)


def test_rounds_without_the_metric_are_passed_over() -> None:
    assert "margin while" in reason(0.5, None, 0.5, None)
    assert "random since round 4" in reason(0.5, None, 0.5, None, 0.5)
    assert "margin while accuracy rises" in reason(0.5, 0.5, 0.5, name="loss")
    assert "f1 rose by 0" in reason(0.5, 0.5, 0.5, name="f1", part=PlateauSwitch("margin", "random", "f1", 2))


def test_needs_grow_with_the_rounds() -> None:
    part = PlateauSwitch("k_center", "margin", window=2)
    assert part.needs_at(2).pool == {EMBEDDING}
    assert part.needs_at(3).pool == part.needs.pool == {EMBEDDING, PROBS}


def test_text() -> None:
    text = "plateau_switch(first=margin, then=random, metric=f1, window=2, least=0.01)"
    assert str(querist.parse(text)) == text
    assert str(PlateauSwitch("margin", "random")) == "plateau_switch(first=margin, then=random)"


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"metric": 3}, ArgumentTypeError, "metric must be the name of a metric"),
        ({"window": 0}, ArgumentError, "window must be ≥ 1, got 0"),
        ({"least": float("nan")}, ArgumentError, "least must be a finite number, got nan"),
        ({"least": "little"}, ArgumentTypeError, "least must be a number, got str little"),
    ],
)
def test_bad_parameters(more: dict[str, Any], kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        PlateauSwitch("margin", "random", **more)
