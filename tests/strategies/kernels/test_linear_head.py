"""The head from its outputs, and the step that flips a class against walking along the gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.types import Array
from querist.strategies.kernels.linear_head import farthest, flips, head_gram


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 10_000))
def test_head_is_recovered(classes: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=(classes, width)), rng.normal(size=classes)
    x = rng.normal(size=(60, width)) * 2 + 3
    p = softmax(x @ weights.T + bias)
    centred = weights - weights.mean(axis=0)
    assert head_gram(x, p, np.arange(60, dtype=np.uint64)) == pytest.approx(centred @ centred.T, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 10_000))
def test_flip_against_walking(classes: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=(classes, width)), rng.normal(size=classes)
    x = rng.normal(size=(30, width))
    p = softmax(x @ weights.T + bias)
    centred = weights - weights.mean(axis=0)
    lengths, other = flips(p, centred @ centred.T)
    top = p.argmax(axis=1)
    g = (p - np.eye(classes)[top]) @ weights
    g /= np.linalg.norm(g, axis=1, keepdims=True)

    def predicted(step: Array) -> Array:
        return np.asarray((weights @ (x + step[:, None] * g).T).T + bias)

    assert np.isfinite(lengths).all()  # the gradient always lowers the class that leads
    assert (predicted(lengths * (1 - 1e-6) - 1e-9).argmax(axis=1) == top).all()
    assert (predicted(lengths * (1 + 1e-6) + 1e-9).argmax(axis=1) == other).all()


def test_sure_rows_never_flip() -> None:
    lengths, other = flips(np.eye(3), np.eye(3))
    assert np.isinf(lengths).all()
    assert other.tolist() == [0, 1, 2]
    assert np.isinf(flips(np.ones((2, 1)), np.zeros((1, 1)))[0]).all()


def test_farthest() -> None:
    rng = np.random.default_rng(0)
    x, anchors = rng.normal(size=(200, 3)).astype(np.float32) + 9, rng.normal(size=(4, 3)) + 9
    expected = np.sqrt(((x[:, None] - anchors[None]) ** 2).sum(-1)).max(axis=1)
    assert farthest(x, anchors) == pytest.approx(expected, rel=1e-6)
