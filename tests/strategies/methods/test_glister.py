"""`glister` by name."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from strategies.last_layer_pools import gradients, signals


def test_the_first_pick_has_the_largest_product_with_the_reference_gradient() -> None:
    pool, reference = signals(0, 30), signals(1, 12, labels=True)
    products = gradients(pool) @ gradients(reference, reference["labels"]).mean(0)
    chosen = querist.select("glister(step=0.1)", 3, **pool, reference=reference)
    assert chosen.indices[0] == products.argmax()
    assert chosen.scores[0] == pytest.approx(0.1 * products.max())
    assert "lowers the loss of the reference set by" in chosen.reasons[0]
    isal = querist.select("isal(damping=1e9)", 1, **pool, labelled=signals(2, 3), reference=reference)
    assert isal.indices[0] == chosen.indices[0]


def test_pending_items_have_made_their_step_and_labelled_ones_play_no_part() -> None:
    half, h = np.full((2, 2), 0.5), np.array([[1.0, 0.0], [0.0, 0.9]])
    reference = {"probs": half, "embedding": h, "labels": np.array([0, 0])}  # the guesses are right
    first = {"probs": half[:1], "embedding": h[:1]}

    def pick(**other: dict[str, np.ndarray]) -> int:
        found = querist.select(
            "glister(step=1)",
            1,
            probs=half,
            embedding=h,
            reference=reference,
            labelled=other.get("labelled"),
            pending=other.get("pending"),
        )
        return int(found.indices[0])

    assert pick() == 0
    assert pick(pending=first) == 1
    assert pick(labelled=first) == 0


def test_when_no_item_helps_it_says_so() -> None:
    half, h = np.full((1, 2), 0.5), np.ones((1, 1))
    reference = {"probs": half, "embedding": h, "labels": np.array([1])}  # the guess, 0, is wrong
    chosen = querist.select("glister", 1, probs=half, embedding=h, reference=reference)
    assert chosen.scores[0] < 0
    assert "no item lowers the loss" in chosen.reasons[0]


def test_bad_step() -> None:
    with pytest.raises(ArgumentError, match="step must be a number > 0, got 0"):
        querist.Glister(step=0)
