"""`threshold_distance` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.scores.threshold_distance import ThresholdDistance, class_column

P = np.array([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]])


def test_by_hand() -> None:
    assert querist.score("threshold_distance(0.2)", probs=P) == pytest.approx([0.9, 0.9, 0.6])
    assert querist.score("threshold_distance(0.2, positive=0)", probs=P) == pytest.approx([0.3, 0.5, 0.8])
    chosen = querist.select("threshold_distance(threshold=0.3)", 1, probs=P)
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons == ("probability 0.30 beside the threshold 0.3",)


def test_at_one_half_it_orders_as_margin() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(2), 30)
    a, b = querist.score("threshold_distance", probs=p), querist.score("margin", probs=p)
    assert (np.argsort(a) == np.argsort(b)).all()


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="threshold must be a number from 0 to 1, got 2"):
        ThresholdDistance(2)
    with pytest.raises(ArgumentTypeError, match="threshold must be a number"):
        ThresholdDistance("x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="positive must be a class number"):
        ThresholdDistance(positive=-1)
    with pytest.raises(ArgumentError, match="asks for class 5, and probs has 2 classes"):
        querist.score("threshold_distance(positive=5)", probs=P)
    assert class_column(P, None, "") == pytest.approx(P[:, 1])
