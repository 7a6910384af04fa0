"""`dynamic_al`: how much faster training goes with an item."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from strategies.last_layer_pools import gradients, signals


def test_it_is_the_growth_of_the_squared_total_gradient() -> None:
    pool, labelled = signals(0, 15), signals(1, 9, labels=True)
    total = gradients(labelled, labelled["labels"]).sum(0)
    want = ((total + gradients(pool)) ** 2).sum(1) - (total**2).sum()
    assert querist.score("dynamic_al", **pool, labelled=labelled) == pytest.approx(want, rel=1e-9)


def test_by_hand() -> None:
    """p = (3/4, 1/4), h = 2: g = (-1/2, 1/2). A labelled copy with label 1: G = (3/2, -3/2). 1/2 + 2 (-3/2) = -5/2."""
    one: dict[str, Any] = {"probs": np.array([[0.75, 0.25]]), "embedding": np.array([[2.0]])}
    got = querist.select("dynamic_al", 1, **one, labelled={**one, "labels": np.array([1])})
    assert got.scores == pytest.approx([-2.5])
    assert "faster by -2.5" in got.reasons[0]


def test_a_model_without_training_loss_leaves_the_squared_gradient_norm() -> None:
    pool = signals(0, 15)
    fitted = {"probs": np.eye(3), "embedding": np.ones((3, 4)), "labels": np.arange(3)}
    a = pool["probs"] - np.eye(3)[pool["probs"].argmax(1)]
    norm = querist.score("grad_norm", gradient=(a, pool["embedding"]))
    assert querist.score("dynamic_al", **pool, labelled=fitted) == pytest.approx(norm**2)


def test_with_nothing_labelled_too() -> None:
    pool = signals(0, 15)
    none = {"probs": np.zeros((0, 3)), "embedding": np.zeros((0, 4)), "labels": np.zeros(0, dtype=int)}
    a = pool["probs"] - np.eye(3)[pool["probs"].argmax(1)]
    norm = querist.score("grad_norm", gradient=(a, pool["embedding"]))
    assert querist.score("dynamic_al", **pool, labelled=none) == pytest.approx(norm**2)
