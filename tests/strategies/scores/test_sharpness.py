"""Sharpness by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentTypeError
from querist.strategies.scores.sharpness import Sharpness

P = np.array([[0.6, 0.4], [0.8, 0.2]])
Q = np.array([[[0.5, 0.5], [0.55, 0.45]], [[0.1, 0.9], [0.9, 0.1]]])


def test_by_hand() -> None:
    assert querist.score("sharpness", probs=P, perturbed=Q) == pytest.approx(-np.log([0.5, 0.1]))
    got = querist.score("sharpness(difference=1)", probs=P, perturbed=Q)
    assert got == pytest.approx(np.log([0.6 / 0.5, 0.8 / 0.1]))


def test_words() -> None:
    assert querist.select("sharpness", 1, probs=P, perturbed=Q).reasons == (
        "its loss at the predicted label reaches 2.3 nats under perturbation",
    )
    assert "grows by" in querist.select(Sharpness(difference=True), 1, probs=P, perturbed=Q).reasons[0]


@pytest.mark.parametrize("value", [2, "yes", None])
def test_bad_parameters(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="difference must be True or False"):
        Sharpness(value)
