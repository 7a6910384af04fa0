"""The default width: from labelled items where there are two, else from the pool."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.signals import EMBEDDING, Context, View
from querist.strategies.kernels.purity import low_distance
from querist.strategies.selectors.bandwidth import default_sigma


def context(pool: np.ndarray, labelled: np.ndarray | None = None) -> Context:
    known = (
        View(0, role="labelled") if labelled is None else View(len(labelled), {EMBEDDING: labelled}, role="labelled")
    )
    return Context(pool=View(len(pool), {EMBEDDING: pool}), labelled=known)


def test_labelled_items_come_first() -> None:
    rng = np.random.default_rng(0)
    pool, known = rng.normal(size=(30, 2)), rng.normal(size=(9, 2)) * 5
    assert default_sigma(context(pool, known)) == low_distance(known)
    assert default_sigma(context(pool, known[:1])) == pytest.approx(low_distance(pool))
    assert default_sigma(context(pool)) == pytest.approx(low_distance(pool))


def test_many_items_are_sampled() -> None:
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(3000, 2))
    assert default_sigma(context(pool)) == pytest.approx(low_distance(pool), rel=0.1)
    assert default_sigma(context(pool[:5], pool)) == pytest.approx(low_distance(pool), rel=0.1)
