"""`clue`: k-means weighted by the entropy of tempered probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import QueristError
from querist.core.signals import PROBS, Context, View
from querist.strategies.algebra import Ranked
from querist.strategies.arrays import select
from querist.strategies.methods.clue import Clue

RNG = np.random.default_rng(0)


def weights(p: np.ndarray, temperature: float) -> np.ndarray:
    made = Clue(temperature=temperature).expression()
    assert isinstance(made, Ranked)
    return np.asarray(made.score.rate(Context(View(len(p), {PROBS: p}))))


@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_entropy_of_softmax_of_logits_over_temperature(temperature: float) -> None:
    logits = RNG.normal(size=(50, 4)) * 3
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    cooled = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    cooled /= cooled.sum(axis=1, keepdims=True)
    expected = -(cooled * np.log(np.maximum(cooled, 1e-300))).sum(axis=1)
    assert weights(soft, temperature) == pytest.approx(expected, abs=1e-9)
    assert weights(np.eye(3), temperature) == pytest.approx(np.zeros(3))


def test_at_temperature_one_it_is_entropy_then_k_means() -> None:
    p, x = RNG.dirichlet(np.ones(3), 60), RNG.normal(size=(60, 2))
    plain = select("entropy >> k_means", 6, probs=p, embedding=x)
    assert select("clue", 6, probs=p, embedding=x).indices.tolist() == plain.indices.tolist()


def test_a_low_temperature_leaves_the_uncertain_alone_in_charge() -> None:
    x, p = np.array([[0.0], [1.0], [10.0]]), np.array([[0.8, 0.2], [0.8, 0.2], [0.5, 0.5]])
    assert select("clue(temperature=100)", 1, probs=p, embedding=x).indices.tolist() == [1]
    assert select("clue(temperature=0.05)", 1, probs=p, embedding=x).indices.tolist() == [2]


def test_refusals() -> None:
    for bad in (0, -1.0, float("inf"), "x", True):
        with pytest.raises(QueristError, match="temperature must be a number above 0"):
            Clue(temperature=bad)  # type: ignore[arg-type]
