"""Kernels of probability rows against the obvious, in float32 and float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

import querist
from probability_rows import rows, tolerance
from querist.strategies.kernels.probabilities import entropy, highest, impurity, top_two, worst_divergence


def slow_entropy(p: NDArray[Any]) -> list[float]:
    return [-math.fsum(v * math.log(v) for v in map(float, row) if v > 0) for row in p]


@settings(max_examples=30, deadline=None)
@given(rows())
def test_entropy(p: NDArray[Any]) -> None:
    got = entropy(p)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, slow_entropy(p), atol=tolerance(p))


@settings(max_examples=30, deadline=None)
@given(rows())
def test_highest_and_top_two(p: NDArray[Any]) -> None:
    ordered = [sorted(map(float, row), reverse=True) for row in p]
    first, second = top_two(p)
    assert first.dtype == second.dtype == highest(p).dtype == p.dtype
    assert highest(p).tolist() == first.tolist() == [row[0] for row in ordered]
    assert second.tolist() == [row[1] if len(row) > 1 else 0.0 for row in ordered]


def test_zeros_of_both_signs_and_whole_numbers() -> None:
    whole = np.array([[0, 1, 0], [1, 0, 0]])
    assert entropy(whole).tolist() == [0.0, 0.0]
    assert not np.signbit(entropy(whole)).any()  # reads as 0.00 and not as -0.00
    assert entropy(np.array([[-0.0, 1.0]])).tolist() == [0.0]
    assert top_two(whole)[1].tolist() == [0.0, 0.0]
    assert highest(whole).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_of_any_numbers(dtype: Any) -> None:
    rng = np.random.default_rng(4)
    for classes in (3, 24, 25, 100):
        for x in (rng.random((50, classes)), rng.standard_normal((50, classes)), np.full((2, classes), -0.0)):
            given = x.astype(dtype)
            ordered = np.sort(given, axis=1)
            assert np.array_equal(highest(given), ordered[:, -1])
            assert np.array_equal(top_two(given)[0], ordered[:, -1])
            assert np.array_equal(top_two(given)[1], ordered[:, -2])


@pytest.mark.parametrize("classes", [2, 10, 100])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5])
def test_a_score_checks_as_it_reads(classes: int, bad: float) -> None:
    p = np.full((30_000, classes), 1 / classes, dtype=np.float32)
    p[29_990, 1] = bad
    if bad < 0:
        p[29_990, 0] += 1 / classes - bad  # the row still adds up
    for name in ("least_confidence", "margin", "ratio", "entropy", "gini"):
        with pytest.raises(querist.DataError, match="probs"):
            querist.score(name, probs=p)


@pytest.mark.parametrize("classes", [2, 64, 65, 1000])
def test_uniform_rows_have_the_logarithm_of_the_classes(classes: int) -> None:
    for dtype in (np.float32, np.float64):
        p = np.full((3, classes), 1 / classes, dtype=dtype)
        np.testing.assert_allclose(entropy(p), math.log(classes), rtol=1e-6 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("classes", [3, 10, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rows_result_does_not_depend_on_its_place(classes: int, dtype: Any) -> None:
    """Reordering a pool must not change a bit, or it would move ties."""
    rng = np.random.default_rng(1)
    raw = rng.random((30_001, classes))
    raw[::7, 0] = 0.0
    p = (raw / raw.sum(axis=1, keepdims=True)).astype(dtype)
    order = rng.permutation(len(p))
    for kernel in (entropy, highest, lambda x: top_two(x)[1]):
        assert np.array_equal(kernel(p)[order], kernel(p[order]))
        assert np.array_equal(kernel(p)[5:6], kernel(p[5:6]))


def test_impurity_and_worst_divergence() -> None:
    p = np.array([[0.25, 0.75], [1.0, 0.0]])
    assert impurity(p).tolist() == [0.375, 0.0]
    others = np.array([[[0.25, 0.75], [0.75, 0.25]], [[0.5, 0.5], [1.0, 0.0]]])
    values, which = worst_divergence(p, others)
    np.testing.assert_allclose(values, [0.5 * math.log(3), math.log(2)], rtol=1e-12)
    assert which.tolist() == [1, 0]
