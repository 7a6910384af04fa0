"""SAAL: the sharpest first, then spread over sharpness."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentTypeError
from querist.strategies.methods.saal import Saal

P = np.repeat([[0.9, 0.1]], 6, axis=0)
WORST = np.array([0.2, 0.2, 0.5, 0.8, 0.8, 0.8])
Q = np.stack([WORST, 1 - WORST], axis=1)[:, None]


def test_by_hand() -> None:
    """One of the two sharpest, then two of another sharpness each; the last comes when only twins are left."""
    for seed in range(20):
        got = querist.select("saal", 4, probs=P, perturbed=Q, seed=seed)
        assert {round(WORST[r], 1) for r in got.indices[:3]} == {0.2, 0.5, 0.8}
        assert got.indices[0] in (0, 1)
        assert got.scores[0] == pytest.approx(-np.log(0.2))
        assert got.reasons[0].endswith("under perturbation, the most of all")
        assert got.reasons[3].endswith(", 0 from those chosen")


def test_the_second_is_drawn_by_squared_difference() -> None:
    hits = [int(querist.select("saal", 2, probs=P, perturbed=Q, seed=s).indices[1]) for s in range(1000)]
    near, far = np.log(0.5 / 0.2) ** 2, np.log(0.8 / 0.2) ** 2
    assert abs(np.mean(np.array(hits) == 2) - near / (near + 3 * far)) < 0.04


def test_the_score_is_sharpness() -> None:
    got = querist.select("saal(difference=1)", 6, probs=P, perturbed=Q)
    assert got.scores == pytest.approx(querist.score("sharpness(difference=1)", probs=P, perturbed=Q)[got.indices])
    with pytest.raises(ArgumentTypeError, match="difference must be True or False"):
        Saal("much")  # type: ignore[arg-type]
