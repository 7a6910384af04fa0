"""Typicality by hand; duplicates stay finite."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_by_hand() -> None:
    x = np.array([[0.0], [1.0], [3.0]])
    assert querist.score("typicality(k=1)", embedding=x) == pytest.approx([1, 1, 0.5])
    assert querist.score("typicality", embedding=x) == pytest.approx([1 / 2, 1 / 1.5, 1 / 2.5])


def test_duplicates_are_large_and_finite() -> None:
    values = querist.score("typicality(k=1)", embedding=np.array([[1.0], [1.0], [5.0]]))
    assert np.isfinite(values).all()
    assert values[0] > 1e5


@pytest.mark.parametrize("k", ["0", "True", "1.5"])
def test_bad_k(k: str) -> None:
    with pytest.raises(ArgumentError, match="k must be"):
        querist.parse(f"typicality(k={k})")
