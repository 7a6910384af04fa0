"""`eer`: expected error reduction by one step of the last layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from strategies.last_layer_pools import signals


def test_one_item_by_hand() -> None:
    """p = (1/2, 1/2), h = 1, ridge 1/2: A = 2, k = 2 / 2 = 1, so that the odds become e^(1/2 + 1/2) to 1."""
    one: dict[str, Any] = {"probs": np.array([[0.5, 0.5]]), "embedding": np.ones((1, 1))}
    q = math.e / (1 + math.e)
    after = -q * math.log(q) - (1 - q) * math.log(1 - q)
    got = querist.select("eer(ridge=0.5)", 1, **one)
    assert got.scores == pytest.approx([math.log(2) - after])
    assert "lower the entropy of the pool's predictions by" in got.reasons[0]
    error = querist.select("eer(loss=zero_one, ridge=0.5)", 1, **one)
    assert error.scores == pytest.approx([0.5 - (1 - q)])
    assert "expected error rate" in error.reasons[0]


def test_labelled_and_pending_count_alike_and_lower_what_is_to_gain() -> None:
    one: dict[str, Any] = {"probs": np.array([[0.5, 0.5]]), "embedding": np.ones((1, 1))}
    free = querist.score("eer", **one)
    a = querist.score("eer", **one, labelled={"embedding": np.ones((3, 1))})
    b = querist.score("eer", **one, pending={"embedding": np.ones((3, 1))})
    both = querist.score("eer", **one, labelled={"embedding": np.ones((1, 1))}, pending={"embedding": np.ones((2, 1))})
    assert a[0] == b[0] == both[0]
    assert 0 < a[0] < free[0]


def test_an_item_among_many_helps_more_than_one_that_stands_alone() -> None:
    h = np.vstack([np.tile([1.0, 0.0], (20, 1)), [[0.0, 1.0]]])
    got = querist.score("eer", probs=np.full((21, 2), 0.5), embedding=h)
    assert got[0] > 5 * got[20] > 0


def test_the_risk_over_a_sample_is_near_that_over_the_pool() -> None:
    pool = signals(0, 400)
    whole = querist.score("eer(sample=400)", **pool)
    some = np.mean([querist.score("eer(sample=50)", **pool, seed=s) for s in range(20)], axis=0)
    assert np.corrcoef(whole, some)[0, 1] > 0.95
    assert querist.score("eer(sample=50)", **pool, seed=3).tolist() != some.tolist()


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="loss must be log or zero_one, got 'mse'"):
        querist.Eer(loss="mse")
    with pytest.raises(ArgumentError, match="sample must be ≥ 1, got 0"):
        querist.Eer(sample=0)
    with pytest.raises(ArgumentError, match="ridge must be a number > 0"):
        querist.Eer(ridge=0)
