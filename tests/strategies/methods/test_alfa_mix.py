"""ALFA-Mix against the paper's own steps: alpha element by element, a mix for each anchor, a pass of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.core.types import Array
from querist.strategies.methods.alfa_mix import AlfaMix

RNG = np.random.default_rng(5)
WIDTH, CLASSES = 6, 3
WEIGHTS, BIAS = RNG.normal(size=(CLASSES, WIDTH)), RNG.normal(size=CLASSES)
X, KNOWN = RNG.normal(size=(200, WIDTH)), RNG.normal(size=(20, WIDTH))


def probabilities(x: Array) -> Array:
    z = x @ WEIGHTS.T + BIAS
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def flipping(x: Array, anchors: list[Array], epsilon: float) -> set[int]:
    """Rows that flip, as the paper's equations say it."""
    p = probabilities(x)
    top = p.argmax(axis=1)
    g = (p - np.eye(CLASSES)[top]) @ WEIGHTS
    out: set[int] = set()
    for z in anchors:
        away = z - x
        length = np.linalg.norm(away, axis=1, keepdims=True) / np.linalg.norm(g, axis=1, keepdims=True)
        alpha = epsilon / np.sqrt(WIDTH) * length * g / away
        mixed = alpha * z + (1 - alpha) * x
        out |= set(np.flatnonzero(probabilities(mixed).argmax(axis=1) != top).tolist())
    return out


@pytest.mark.parametrize("labels", [RNG.integers(0, CLASSES, 20), RNG.integers(0, 2, 20)])
def test_candidates_are_those_of_the_equations(labels: Array) -> None:
    anchors = [KNOWN[labels == c].mean(axis=0) if (labels == c).any() else KNOWN.mean(axis=0) for c in range(CLASSES)]
    given: dict[str, Any] = {
        "probs": probabilities(X),
        "embedding": X,
        "labelled": {"embedding": KNOWN, "labels": labels},
    }
    first = flipping(X, anchors, 0.2)
    assert 10 < len(first) < 120
    few = querist.select("alfa_mix", len(first), **given)
    assert set(few.indices.tolist()) == first
    assert (few.scores > -0.2).all()
    assert (few.scores < 0).all()
    small = querist.select("alfa_mix", 5, **given)
    assert set(small.indices.tolist()) < first
    more = flipping(X, anchors, 0.4)
    assert len(more) > len(first)
    assert set(querist.select("alfa_mix", len(more), **given).indices.tolist()) == more
    assert "of a labelled class is mixed in" in few.reasons[0]


def test_all_and_none() -> None:
    given: dict[str, Any] = {"labelled": {"embedding": KNOWN[:2], "labels": np.array([0, 1])}}
    sel = querist.select("alfa_mix", 200, probs=probabilities(X), embedding=X, **given)
    assert sorted(sel.indices.tolist()) == list(range(200))
    sure = querist.select("alfa_mix", 4, probs=np.eye(CLASSES)[RNG.integers(0, 3, 200)], embedding=X, **given)
    assert np.isnan(sure.scores).all()
    assert "keeps class" in sure.reasons[0]


def test_refusals() -> None:
    for bad in (0, -1.0, float("inf"), "x", True):
        with pytest.raises(QueristError) as error:
            AlfaMix(epsilon=bad)  # type: ignore[arg-type]
        assert error.value.code == "BadParameter"
