"""Expected gradient length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.core.errors import ArgumentError
from querist.strategies.arrays import score, select

P = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
H = np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 2.0]])


def test_hand_computed() -> None:
    """Two classes: p q sqrt 2 twice, times ||h||."""
    expected = [5 * math.sqrt(2) / 2, 0.0, 2 * 2 * 0.75 * 0.25 * math.sqrt(2)]
    np.testing.assert_allclose(score("egl", probs=P, embedding=H), expected, atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(rows(most=10))
def test_the_gradient_gives_the_same(p: NDArray[np.float64]) -> None:
    """Also where only one of probs and embedding is at hand beside it."""
    p = p.astype(np.float64)
    h = np.random.default_rng(0).standard_normal((len(p), 3))
    a = p.copy()
    a[np.arange(len(p)), p.argmax(axis=1)] -= 1.0
    plain = score("egl", probs=p, embedding=h)
    np.testing.assert_allclose(score("egl", gradient=(a, h)), plain, atol=1e-7)
    np.testing.assert_allclose(score("egl", gradient=(a, h), probs=p), plain, atol=1e-7)
    assert np.array_equal(score("egl", gradient=(a, h), probs=p, embedding=h), plain)


def test_neither_is_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match="embedding") as error:
        score("egl", probs=P)
    assert error.value.code == "MissingSignal"
    # The gradient stands in for egl alone: margin needs the probabilities themselves.
    with pytest.raises(ArgumentError, match="probs of the pool is missing") as error:
        select("0.5 * egl + margin", 1, gradient=(P - np.eye(2)[[0, 0, 0]], H))
    assert error.value.code == "MissingSignal"


def test_the_gradient_of_a_number_is_refused() -> None:
    with pytest.raises(ArgumentError, match="predicts a number") as error:
        score("egl", gradient=(np.ones((3, 1)), H))
    assert error.value.code == "NeedsCapability"


def test_reason() -> None:
    assert select("egl", 1, probs=P, embedding=H).reasons == ("expected gradient length 3.54",)
