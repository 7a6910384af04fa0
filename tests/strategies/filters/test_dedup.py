"""Dedup lets the first of near copies through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, StateError
from querist.strategies.filters.dedup import Dedup

X = np.array([[1.0, 0.0], [1.0, 0.05], [0.0, 2.0], [1.0, 0.0]])


def test_in_order_of_rows() -> None:
    chosen = querist.select("dedup(0.99) | random", 2, embedding=X)
    assert sorted(chosen.indices.tolist()) == [0, 2]
    assert chosen.reasons[0].endswith("among 2 of 4 no two of which have cosine 0.99 or more")
    turned = querist.select("dedup(0.99) | random", 2, embedding=X[::-1].copy())
    assert sorted(turned.indices.tolist()) == [0, 1]  # the copy, now first, stays
    assert sorted(querist.select("dedup(1.0) | random", 3, embedding=X).indices.tolist()) == [0, 1, 2]


def test_too_few() -> None:
    with pytest.raises(StateError, match=r"dedup\(0.99\) left 2 of 4 items where 3 were asked"):
        querist.select("dedup(0.99) | random", 3, embedding=X)


@pytest.mark.parametrize("bad", [0, -0.5, 1.01, float("nan")])
def test_bad_thresholds(bad: float) -> None:
    with pytest.raises(ArgumentError, match="threshold must be a number above 0 and at most 1"):
        Dedup(bad)


@pytest.mark.parametrize("bad", ["0.5", True, None])
def test_thresholds_of_the_wrong_kind(bad: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="threshold"):
        Dedup(bad)
