"""`isal`: influence on the reference set's loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, DataError
from strategies.dense_fisher import information
from strategies.last_layer_pools import gradients, signals


def test_against_dense_matrices() -> None:
    pool, labelled, reference = signals(0, 15), signals(1, 9), signals(2, 7, labels=True)
    slope = gradients(reference, reference["labels"]).mean(0)
    h = information(labelled["probs"], labelled["embedding"]).mean(0) + 0.3 * np.eye(12)
    want = gradients(pool) @ np.linalg.solve(h, slope)
    got = querist.score("isal(damping=0.3)", **pool, labelled=labelled, reference=reference)
    assert got == pytest.approx(want, rel=1e-8)


def test_by_hand() -> None:
    """One feature h = 1, p = (1/2, 1/2) everywhere, sure labelled items: H is the damping alone.

    The reference item has label 0: its gradient is (-1/2, 1/2); the pool's guess is 0 as well: 1/2 / damping.
    """
    half: dict[str, Any] = {"probs": np.array([[0.5, 0.5]]), "embedding": np.ones((1, 1))}
    sure = {"probs": np.array([[1.0, 0.0]]), "embedding": np.ones((1, 1))}
    for label, value in ((0, 2.0), (1, -2.0)):
        got = querist.score(
            "isal(damping=0.25)", **half, labelled=sure, reference={**half, "labels": np.array([label])}
        )
        assert got == pytest.approx([value])
    word = querist.select("isal", 1, **half, labelled=sure, reference={**half, "labels": np.array([1])}).reasons[0]
    assert "raise the loss of the reference set" in word


def test_a_large_damping_leaves_the_product_of_gradients() -> None:
    pool, labelled, reference = signals(3, 15), signals(4, 9), signals(5, 7, labels=True)
    got = querist.score("isal(damping=1e6)", **pool, labelled=labelled, reference=reference)
    assert got * 1e6 == pytest.approx(gradients(pool) @ gradients(reference, reference["labels"]).mean(0), rel=1e-4)


def test_with_nothing_labelled_the_curvature_is_the_damping() -> None:
    pool, reference = signals(3, 15), signals(5, 7, labels=True)
    none = {"probs": np.zeros((0, 3)), "embedding": np.zeros((0, 4))}
    got = querist.score("isal(damping=2)", **pool, labelled=none, reference=reference)
    assert got == pytest.approx(gradients(pool) @ gradients(reference, reference["labels"]).mean(0) / 2)


def test_bad_parameters_and_labels() -> None:
    with pytest.raises(ArgumentError, match="damping must be a number > 0, got 0"):
        querist.Isal(damping=0)
    pool, reference = signals(0, 3), signals(2, 2, labels=True)
    with pytest.raises(DataError, match=r"labels of the reference must lie in 0\.\.2.*row 1 has 7") as error:
        querist.score("isal", **pool, labelled=pool, reference={**reference, "labels": np.array([0, 7])})
    assert error.value.code == "BadLabel"
