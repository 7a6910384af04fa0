"""Noise stability by hand, and against the greedy rule written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist

HALF = np.full((4, 2), 0.5)


def moved(*steps: float) -> NDArray[np.float64]:
    """One perturbation that moves (1/2, 1/2) by (step, -step)."""
    return np.array([[[0.5 + s, 0.5 - s]] for s in steps])


def slow(p: NDArray[Any], q: NDArray[Any], n: int, others: NDArray[Any]) -> list[int]:
    """Lengths first, then lowered by the distance to each pick."""
    d = ((q.astype(np.float64) - p[:, None]) / np.linalg.norm(p, axis=1)[:, None, None]).reshape(len(p), -1)
    nearest = np.linalg.norm(d, axis=1)
    for row in others:
        nearest = np.minimum(nearest, np.linalg.norm(d - row, axis=1))
    rows: list[int] = []
    for _ in range(n):
        rows.append(int(np.where(np.isin(np.arange(len(p)), rows), -1.0, nearest).argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(d - d[rows[-1]], axis=1))
    return rows


def test_by_hand() -> None:
    """Steps .4, .3, -.25, .01: the largest, then the one that moves the other way (.3 is only .1 from .4), then .3."""
    got = querist.select("noise_stability", 4, probs=HALF, perturbed=moved(0.4, 0.3, -0.25, 0.01))
    assert got.indices.tolist() == [0, 2, 1, 3]
    assert got.scores == pytest.approx([0.8, 0.5, 0.2, 0.02])
    assert got.reasons[1].startswith("noise moves its prediction by 0.5 of its length")


def test_pending_items_count_and_labelled_ones_do_not() -> None:
    q = moved(0.4, 0.3, -0.25, 0.01)
    other = {"probs": HALF[:1], "perturbed": q[:1]}
    assert querist.select("noise_stability", 1, probs=HALF, perturbed=q, pending=other).indices.tolist() == [2]
    assert querist.select("noise_stability", 1, probs=HALF, perturbed=q, labelled=other).indices.tolist() == [0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 4), st.integers(2, 5), st.booleans())
def test_against_the_rule_written_out(seed: int, size: int, k: int, c: int, waiting: bool) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(c), size), rng.dirichlet(np.ones(c), (size, k))
    pp, pq = rng.dirichlet(np.ones(c), 2), rng.dirichlet(np.ones(c), (2, k))
    others = ((pq - pp[:, None]) / np.linalg.norm(pp, axis=1)[:, None, None]).reshape(2, -1)
    n = int(rng.integers(1, size + 1))
    pending = {"probs": pp, "perturbed": pq} if waiting else None
    got = querist.select("noise_stability", n, probs=p, perturbed=q, pending=pending)
    assert got.indices.tolist() == slow(p, q, n, others if waiting else others[:0])


def test_a_model_that_noise_does_not_move() -> None:
    got = querist.select("noise_stability", 3, probs=HALF, perturbed=moved(0, 0, 0, 0))
    assert len(set(got.indices.tolist())) == 3
    assert got.scores.tolist() == [0.0] * 3
