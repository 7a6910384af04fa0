"""Density by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    x = np.array([[2.0, 0.0], [0.0, 3.0], [0.0, 0.0], [1.0, 1.0]])
    half = np.sqrt(0.5)
    truth = [(1 + half) / 4, (1 + half) / 4, 0.0, (1 + 2 * half) / 4]
    assert querist.score("density", embedding=x) == pytest.approx(truth)
    assert "mean cosine" in querist.select("density", 1, embedding=x).reasons[0]
