"""WAAL by hand: the critic weighted, less half the lengths of -log p."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.strategies.scores.waal import Waal

P = np.array([[0.5, 0.5], [0.9, 0.1]])


def test_by_hand() -> None:
    got = querist.score("waal", probs=P, critic=np.array([0.1, 0.3]))
    flat = (2 * math.log(2) + math.sqrt(2) * math.log(2)) / 2
    a, b = -math.log(0.9), -math.log(0.1)
    assert got == pytest.approx([1.0 - flat, 3.0 - (a + b + math.hypot(a, b)) / 2])


def test_without_the_critic_the_flattest_comes_first() -> None:
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    probs[17] = 1 / 3
    assert querist.select("waal(weight=0)", 1, probs=probs, critic=np.arange(50.0)).indices.tolist() == [17]


def test_alike_in_the_model_the_critic_decides() -> None:
    got = querist.select("waal", 3, probs=np.repeat(P[:1], 3, axis=0), critic=np.array([0.0, 2.0, 1.0]))
    assert got.indices.tolist() == [1, 2, 0]
    assert got.reasons[0] == "unlike what is labelled (critic 2), largest probability 0.50"


def test_refused_by_name_without_its_signal() -> None:
    with pytest.raises(ArgumentError, match=r"needs waal of a learner.*or pass critic, probs") as error:
        querist.select("waal", 1, probs=P)
    assert error.value.code == "NeedsCapability"


@pytest.mark.parametrize(
    ("weight", "kind"), [(-1, ArgumentError), (float("nan"), ArgumentError), ("much", ArgumentTypeError)]
)
def test_bad_weights(weight: Any, kind: type[QueristError]) -> None:
    with pytest.raises(kind, match="weight must be a number ≥ 0"):
        Waal(weight)
