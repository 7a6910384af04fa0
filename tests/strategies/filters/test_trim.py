"""Trim drops what is rated lowest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import Context, View
from querist.strategies.algebra import Score
from querist.strategies.arrays import context
from querist.strategies.filters.trim import Trim
from querist.testing.strategies import check_strategy

TOP = np.array([0.9, 0.55, 0.8, 0.51, 0.6, 0.7])
P = np.column_stack([TOP, 1 - TOP])  # by margin: rows 3, 1, 4, 5, 2, 0


def kept(text: str, n: int, **signals: Any) -> list[int]:
    part = querist.parse(text)
    ctx = context(part.needs, seed=0, ids=None, labelled=None, pending=None, reference=None, **signals)
    assert isinstance(part, Trim)
    rows: list[int] = part.keep(ctx, n).tolist()
    return rows


def test_a_share_goes() -> None:
    assert kept("trim(margin, share=0.5)", 1, probs=P) == [1, 3, 4]
    assert kept("trim(margin, share=0.4)", 1, probs=P) == [1, 3, 4, 5]  # 2.4 items are 2
    assert kept("trim(margin, share=0.9)", 4, probs=P) == [1, 3, 4, 5]  # the batch stays


def test_a_floor() -> None:
    assert kept("trim(margin, floor=0.5)", 1, probs=P) == [1, 3, 4, 5]
    assert kept("trim(margin, floor=0.98)", 1, probs=P) == [3]
    assert kept("trim(margin, floor=0.98)", 2, probs=P) == [1, 3]


def test_outliers_by_typicality() -> None:
    x = np.concatenate([np.random.default_rng(0).normal(size=(40, 2)), [[30.0, 0.0], [0.0, -40.0]]])
    assert kept("trim(typicality, share=0.05)", 3, embedding=x) == list(range(40))
    chosen = querist.select("trim(typicality, share=0.05) | k_center", 5, embedding=x)
    assert not {40, 41} & set(chosen.indices.tolist())
    assert chosen.reasons[0].endswith("among 40 of 42 without the 5% lowest by typicality")


def test_rounding_does_not_decide() -> None:
    class Thirds(Score):
        """0.3 twice, once by a sum that is a little more."""

        def rate(self, ctx: Context) -> Any:
            return np.array([0.3, 0.1 + 0.2])

    stayed = {Trim(Thirds(), share=0.5).keep(Context(View(2), seed=seed), 1).tolist()[0] for seed in range(30)}
    assert stayed == {0, 1}
    check_strategy("trim(typicality, share=0.3)")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "exactly one of share .* got neither"),
        ({"share": 0.1, "floor": 1.0}, "share=0.1 and floor=1.0"),
        ({"share": 0.0}, "share must be a number above 0 and below 1"),
        ({"share": 1.0}, "share must be a number above 0 and below 1"),
        ({"floor": float("nan")}, "floor must be a finite number"),
    ],
)
def test_bad_values(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Trim(querist.parse("margin"), **parameters)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="share"):
        Trim("margin", share="0.5")  # type: ignore[arg-type]
