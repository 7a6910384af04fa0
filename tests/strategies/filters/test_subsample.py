"""Subsample draws a uniform subset."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, StateError
from querist.core.signals import Context, View
from querist.strategies.arrays import select
from querist.strategies.filters.subsample import Subsample


def test_size_order_and_seed() -> None:
    ctx = Context(View(100), seed=1)
    rows = Subsample(10).keep(ctx, 3)
    assert len(set(rows.tolist())) == 10
    assert rows.tolist() == sorted(rows.tolist())
    assert rows.dtype == np.int64
    assert rows.tolist() == Subsample(10).keep(ctx, 3).tolist()
    assert rows.tolist() != Subsample(10).keep(Context(View(100), seed=2), 3).tolist()
    assert Subsample(100).keep(ctx, 3).tolist() == Subsample(1000).keep(ctx, 3).tolist() == list(range(100))


def test_every_row_is_kept_equally_often() -> None:
    counts = np.zeros(12)
    for seed in range(2000):
        counts[Subsample(4).keep(Context(View(12), seed=seed), 1)] += 1
    assert abs(counts - 2000 / 3).max() < 5 * np.sqrt(2000 * (1 / 3) * (2 / 3))


def test_in_front_of_a_rule() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 200)
    chosen = select("subsample(20) | margin", 4, probs=p, seed=3)
    kept = Subsample(20).keep(Context(View(200), seed=3), 4)
    margins = -np.sort(-p, axis=1)
    best = sorted(kept.tolist(), key=lambda r: margins[r, 0] - margins[r, 1])[:4]
    assert chosen.indices.tolist() == best
    assert chosen.reasons[0].endswith("among 20 of 200 drawn at random")
    with pytest.raises(StateError, match="left 20 of 200 items where 30 were asked"):
        select("subsample(20) | margin", 30, probs=p)


def test_bad_counts() -> None:
    with pytest.raises(ArgumentError, match="n must be ≥ 1, got 0"):
        Subsample(0)
    with pytest.raises(ArgumentTypeError, match="float"):
        Subsample(2.5)  # type: ignore[arg-type]
