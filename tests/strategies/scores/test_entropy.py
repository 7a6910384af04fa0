"""Entropy in nats."""

from __future__ import annotations

import math

import numpy as np
import pytest

from querist.strategies.arrays import score, select

P = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]])


def test_hand_computed() -> None:
    expected = [1.5 * math.log(2), 0.0, math.log(3), math.log(2)]
    np.testing.assert_allclose(score("entropy", probs=P), expected, atol=1e-15)


@pytest.mark.parametrize("classes", [1, 2, 10, 100])
def test_uniform_is_log_c_and_the_most(classes: int) -> None:
    p = np.vstack([np.full(classes, 1 / classes), np.eye(classes)[0]])
    np.testing.assert_allclose(score("entropy", probs=p), [math.log(classes), 0.0], atol=1e-13)


def test_rows_with_the_same_numbers_tie_in_float32() -> None:
    """Float32 terms summed in float64: the order of the classes makes no difference that could break a tie."""
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.3, 0.2, 0.5]], dtype=np.float32)
    assert len(set(score("entropy", probs=p).tolist())) == 1


def test_reason() -> None:
    chosen = select("entropy", 2, probs=P)
    assert chosen.indices.tolist() == [2, 0]
    assert chosen.reasons == ("entropy 1.10 of at most 1.10 nats", "entropy 1.04 of at most 1.10 nats")
