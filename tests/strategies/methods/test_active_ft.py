"""ActiveFT: no steps, no movement; steps bring prototypes to every cluster."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.strategies.kernels.prototypes import gradient_of_spread, units
from querist.strategies.methods.active_ft import ActiveFt

RNG = np.random.default_rng(0)
WHICH = np.repeat(np.arange(4), (90, 90, 90, 30))
X = (np.eye(6)[:4] * 4)[WHICH] + RNG.normal(size=(300, 6)) * 0.4


def test_without_steps_it_is_the_start() -> None:
    sel = querist.select("active_ft(steps=0)", 9, embedding=X)
    assert sel.scores == pytest.approx(np.ones(9))
    assert len(set(sel.indices.tolist())) == 9


def test_steps_lower_the_loss_of_the_choice() -> None:
    x = units(X)

    def mean_loss(text: str) -> float:
        chosen = [querist.select(text, 4, embedding=X, seed=s).indices for s in range(8)]
        return float(np.mean([gradient_of_spread(x, x[rows], 0.5, 1.0)[0] for rows in chosen]))

    assert mean_loss("active_ft(temperature=0.5, rate=0.02)") < mean_loss("active_ft(steps=0)") - 0.02


def test_length_of_rows_plays_no_part() -> None:
    plain = querist.select("active_ft(steps=30)", 5, embedding=X)
    scaled = querist.select("active_ft(steps=30)", 5, embedding=X * RNG.choice([0.5, 2.0, 8.0], (300, 1)))
    assert plain.indices.tolist() == scaled.indices.tolist()
    assert plain.reasons[0].startswith("most like prototype 1 of 5 (cosine ")


def test_refusals() -> None:
    bad: Any
    for bad in ({"steps": -1}, {"steps": 1.5}, {"temperature": 0}, {"rate": "x"}, {"balance": -1.0}, {"rate": True}):
        with pytest.raises(QueristError) as error:
            ActiveFt(**bad)
        assert error.value.code == "BadParameter"
