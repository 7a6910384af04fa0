"""The default width: from labelled items where there are two, else from the pool."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, Context, View
from querist.strategies.kernels.purity import low_distance
from querist.strategies.selectors.bandwidth import check_positive, default_sigma


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


def test_bad_widths() -> None:
    check_positive("sigma", None)
    check_positive("sigma", 2)
    for bad in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match=r"sigma must be a number > 0, got"):
            check_positive("sigma", bad)
    for wrong in ("a", True):
        with pytest.raises(ArgumentTypeError, match=r"got (str|bool)"):
            check_positive("sigma", wrong)
