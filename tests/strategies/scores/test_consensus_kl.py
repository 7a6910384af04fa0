"""Mean KL divergence of the members from their mean."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows, tolerance
from querist.strategies.arrays import score, select

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.3, 0.7], [0.3, 0.7]]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("consensus_kl", members=M), [math.log(2), 0.0], atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=6))
def test_against_the_definition_and_bald(m: NDArray[np.float64]) -> None:
    expected = []
    for item in m.astype(np.float64):
        mean = item.mean(axis=0)
        each = [sum(p * math.log(p / q) for p, q in zip(member, mean, strict=True) if p > 0) for member in item]
        expected.append(sum(each) / len(each))
    np.testing.assert_allclose(score("consensus_kl", members=m), expected, atol=tolerance(m))
    np.testing.assert_allclose(score("bald", members=m), expected, atol=tolerance(m))


def test_reason() -> None:
    assert select("consensus_kl", 1, members=M).reasons == ("2 members lie 0.69 nats from their consensus",)
