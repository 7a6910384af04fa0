"""VeSSAL on a pool: the batch is full, varied, and heeds what was sent out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.methods.vessal import Vessal


def gradients(n: int = 300, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), n)
    a = p.copy()
    a[np.arange(n), p.argmax(axis=1)] -= 1.0
    return a, rng.normal(size=(n, 4))


def log_volume(a: Any, h: Any, rows: Any) -> float:
    g = (a[rows][:, :, None] * h[rows][:, None, :]).reshape(len(rows), -1)
    return float(np.linalg.slogdet(0.01 * np.eye(g.shape[1]) + g.T @ g)[1])


def test_the_batch_has_more_volume_than_a_random_one() -> None:
    a, h = gradients()
    ours = [log_volume(a, h, querist.select("vessal", 20, gradient=(a, h), seed=s).indices) for s in range(10)]
    chance = [log_volume(a, h, np.random.default_rng(s).choice(300, 20, replace=False)) for s in range(10)]
    assert min(ours) > np.mean(chance)
    assert np.mean(ours) > np.mean(chance) + 3


def test_large_and_new_gradients_are_taken_more_often() -> None:
    a = np.tile([-0.5, 0.5], (50, 1))
    h = np.zeros((50, 2))
    h[:49, 0] = 1.0
    h[49, 1] = 1.0  # one row of its own kind
    taken = sum(49 in querist.select("vessal", 5, gradient=(a, h), seed=s).indices for s in range(60))
    assert taken >= 45  # at random it were 6


def test_what_is_pending_counts_as_taken() -> None:
    a = np.tile([-0.5, 0.5], (40, 1))
    h = np.eye(2)[np.arange(40) % 2]
    kinds = []
    for seed in range(40):
        sent = {"gradient": (a[:10:2], h[:10:2])}  # five of the first kind
        chosen = querist.select("vessal", 1, gradient=(a, h), pending=sent, seed=seed)
        kinds.append(int(chosen.indices[0]) % 2)
    assert np.mean(kinds) > 0.8


def test_the_batch_is_always_full_and_says_how() -> None:
    a, h = gradients(40)
    shorts = 0
    for seed in range(30):
        chosen = querist.select("vessal", 10, gradient=(a, h), seed=seed)
        assert len(set(chosen.indices.tolist())) == 10
        filled = [r for r in chosen.reasons if "drawn at random" in r]
        assert [s == 0.0 for s in chosen.scores].count(True) == len(filled)
        shorts += bool(filled)
        assert "adds volume to those chosen" in chosen.reasons[0]
    assert shorts < 25


def test_wide_gradients_are_sketched() -> None:
    a, h = gradients()
    wide = querist.select("vessal(width=8)", 20, gradient=(a, h))
    assert len(wide) == 20
    assert wide.indices.tolist() != querist.select("vessal", 20, gradient=(a, h)).indices.tolist()
    assert querist.parse("vessal(8)") == Vessal(width=8)


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="width must be ≥ 1"):
        Vessal(0)
    with pytest.raises(ArgumentError, match="ridge must be a number above 0, got 0"):
        Vessal(ridge=0)
    with pytest.raises(ArgumentTypeError, match="ridge must be a number above 0"):
        Vessal(ridge="1")  # type: ignore[arg-type]
