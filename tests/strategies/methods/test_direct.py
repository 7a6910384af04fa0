"""DIRECT by hand: draws from the region, then around the threshold that fits best."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.core.types import Array
from querist.strategies.methods.direct import Direct


def binary(p: list[float]) -> Array:
    return np.array([[v, 1 - v] for v in p])


POOL = binary([0.9, 0.8, 0.7, 0.6, 0.45, 0.3, 0.2, 0.1])
KNOWN = {"probs": binary([0.95, 0.65, 0.25, 0.05]), "labels": np.array([0, 0, 1, 1])}
"""Line of class 0: .95* .9 .8 .7 .65* .6 .45 .3 .25+ .2 .1 .05+: the threshold lies between .65 and .25."""


def test_small_batch_goes_around_the_threshold() -> None:
    # n / C / 2 = 0: nothing is drawn. One row a class. Class 0 fits best just behind .65: before it .7 is free.
    # Class 1 (reversed) fits best just behind .25: before it is .2 in its own order (.1 .2 .25 | .3).
    sel = querist.select("direct", 2, probs=POOL, labelled=KNOWN)
    assert sorted(sel.indices.tolist()) == [2, 6]
    assert all("beside the threshold of class" in r for r in sel.reasons)
    assert np.isnan(sel.scores).all()


def test_first_half_is_drawn_from_the_region() -> None:
    seen = set()
    for seed in range(40):
        sel = querist.select("direct", 4, probs=POOL, labelled=KNOWN, seed=seed)
        first = [int(r) for r, why in zip(sel.indices, sel.reasons, strict=True) if "may lie" in why]
        assert len(first) == 2
        assert set(first) <= {3, 4, 5}
        seen |= set(first)
    assert seen == {3, 4, 5}


def test_a_wrong_label_widens_the_region_and_does_not_move_the_threshold() -> None:
    noisy = {
        "probs": binary([0.95, 0.85, 0.65, 0.25, 0.05]),
        "labels": np.array([0, 1, 0, 1, 1]),  # .85 is labelled 1 by mistake
    }
    seen = set()
    for seed in range(60):
        sel = querist.select("direct", 4, probs=POOL, labelled=noisy, seed=seed)
        rows = [int(r) for r, why in zip(sel.indices, sel.reasons, strict=True) if "may lie" in why]
        seen |= set(rows)
    assert seen == {0, 1, 2, 3, 4, 5}  # from .95 to .25
    small = querist.select("direct", 2, probs=POOL, labelled=noisy)
    assert 6 in small.indices.tolist()


def test_least_gives_the_rarest_classes_more() -> None:
    rng = np.random.default_rng(0)
    p, known = rng.dirichlet(np.ones(3), 300), rng.dirichlet(np.ones(3), 30)
    labels = np.array([0] * 15 + [1] * 12 + [2] * 3)
    sel = querist.select("direct(least=10)", 60, probs=p, labelled={"probs": known, "labels": labels})
    drawn = [why.split("class ")[1][0] for why in sel.reasons if "may lie" in why]
    assert sorted(drawn) == ["0"] * 10 + ["1"] * 10 + ["2"] * 10
    sel = querist.select("direct(least=15)", 90, probs=p, labelled={"probs": known, "labels": labels})
    drawn = [why.split("class ")[1][0] for why in sel.reasons if "may lie" in why]
    assert sorted(drawn) == ["0"] * 15 + ["1"] * 15 + ["2"] * 15
    sel = querist.select("direct(least=5)", 30, probs=p, labelled={"probs": known, "labels": labels})
    assert len(set(sel.indices.tolist())) == 30


def test_refusals() -> None:
    for bad in (0, 2.5, True):
        with pytest.raises(ArgumentError, match="least must be a whole number ≥ 1"):
            Direct(least=bad)  # type: ignore[arg-type]
