"""`grad_match` by name."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from strategies.last_layer_pools import gradients, signals

POOL = signals(0, 30)
A = POOL["probs"] - np.eye(3)[POOL["probs"].argmax(1)]
G = gradients(POOL)


def test_the_first_pick_fits_the_pools_gradient_best() -> None:
    chosen = querist.select("grad_match", 2, gradient=(A, POOL["embedding"]))
    products = G @ G.sum(0)
    assert chosen.indices[0] == products.argmax()
    assert chosen.scores[0] == pytest.approx(products.max())
    assert "% of the gradient of the pool is left unmatched" in chosen.reasons[1]


def test_the_gradient_of_the_reference_set_can_be_matched() -> None:
    reference = signals(1, 12, labels=True)
    chosen = querist.select("grad_match(target=reference)", 1, gradient=(A, POOL["embedding"]), reference=reference)
    assert chosen.indices[0] == (G @ gradients(reference, reference["labels"]).sum(0)).argmax()
    with pytest.raises(ArgumentError, match="gradient has 2 classes and 4 features") as error:
        querist.select("grad_match(target=reference)", 1, gradient=(A[:, :2], POOL["embedding"]), reference=reference)
    assert error.value.code == "FeatureMismatch"


def test_pending_gradients_are_matched_already() -> None:
    first = int((G @ G.sum(0)).argmax())
    pending = {"gradient": (A[[first]], POOL["embedding"][[first]])}
    two = querist.select("grad_match(ridge=0)", 2, gradient=(A, POOL["embedding"]))
    one = querist.select("grad_match(ridge=0)", 1, gradient=(A, POOL["embedding"]), pending=pending)
    assert one.indices[0] == two.indices[1]
    assert one.scores[0] == pytest.approx(two.scores[1])


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="target must be pool or reference, got 'all'"):
        querist.GradMatch(target="all")
    with pytest.raises(ArgumentError, match="ridge must be a number ≥ 0, got -1"):
        querist.GradMatch(ridge=-1)
