"""The worst of the augmentations."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.arrays import score, select

P = np.array([[0.5, 0.5], [1.0, 0.0]])
A = np.array([[[0.5, 0.5], [0.9, 0.1]], [[1.0, 0.0], [1.0, 0.0]]])


def test_hand_computed() -> None:
    worst = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    np.testing.assert_allclose(score("local_sensitivity", probs=P, augmented=A), [worst, 0.0], atol=1e-14)
    assert select("local_sensitivity", 1, probs=P, augmented=A).reasons == (
        "augmentation 2 of 2 moves the prediction by 0.51 nats",
    )


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_against_the_sums_written_out(a: NDArray[np.float64]) -> None:
    p = a[:, 0]
    expected = [
        max(
            sum(float(x) * (math.log(x) - math.log(max(float(y), 1e-12))) for x, y in zip(row, other, strict=True) if x)
            for other in others
        )
        for row, others in zip(p, a, strict=True)
    ]
    got = score("local_sensitivity", probs=p, augmented=a)
    np.testing.assert_allclose(got, np.maximum(expected, 0.0), atol=1e-9)


def test_an_impossible_class_gives_a_large_finite_number() -> None:
    got = score("local_sensitivity", probs=P[:1], augmented=np.array([[[1.0, 0.0]]]))
    assert 10 < got[0] < 20
