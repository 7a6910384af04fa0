"""GALAXY by hand: bisection, then beside the boundary, then at random; predicted labels inside a batch."""

from __future__ import annotations

import numpy as np

import querist
from querist.core.types import Array


def binary(p: list[float]) -> Array:
    return np.array([[v, 1 - v] for v in p])


KNOWN = {"probs": binary([0.95, 0.05]), "labels": np.array([0, 1])}
POOL = binary([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1])


def test_middle_of_the_stretch() -> None:
    sel = querist.select("galaxy", 3, probs=POOL, labelled=KNOWN)
    # line: .95* .9 .8 .7 .6 .4 .3 .1 .05*: the middle is .6 (predicted 0); then .3 (1) of .4 .3 .1; then .4 alone
    assert sel.indices.tolist() == [3, 5, 4]
    assert np.isnan(sel.scores).all()
    assert sel.reasons[0] == "in the middle of 7 items between one of class 0 and one of another"


def test_then_beside_the_boundary() -> None:
    sel = querist.select("galaxy", 7, probs=POOL, labelled=KNOWN)
    # .6 | .4 is the boundary: .7 one place before it, .1 two after (.3 is labelled), .8 two before, .9 three
    assert sel.indices.tolist()[3:] == [2, 1, 6, 0]
    assert sel.reasons[3] == "1 place from a boundary of class 0"


def test_real_labels_count_where_they_are_known() -> None:
    wrong = {"probs": binary([0.95, 0.85, 0.05]), "labels": np.array([0, 1, 1])}
    assert querist.select("galaxy", 1, probs=POOL, labelled=wrong).indices.tolist() == [0]


def test_pending_items_stand_with_their_class() -> None:
    waiting = {"probs": binary([0.75])}
    # .95* .9 .8 .75(0) .7 .6 .4 .3 .1 .05*: between .75 and .05 the middle of five is .4
    assert querist.select("galaxy", 1, probs=POOL, labelled=KNOWN, pending=waiting).indices.tolist() == [4]


def test_no_boundary_known() -> None:
    one = {"probs": binary([0.95, 0.9]), "labels": np.array([0, 0])}
    chosen = {querist.select("galaxy", 1, probs=POOL, labelled=one, seed=s).indices[0] for s in range(30)}
    assert len(chosen) > 3
    assert "drawn at random" in querist.select("galaxy", 1, probs=POOL, labelled=one).reasons[0]


def test_classes_take_turns() -> None:
    rng = np.random.default_rng(0)
    p, known = rng.dirichlet(np.ones(3), 80), rng.dirichlet(np.ones(3), 12)
    sel = querist.select("galaxy", 9, probs=p, labelled={"probs": known, "labels": known.argmax(axis=1)}, seed=4)
    named = [r.split("class ")[1][0] for r in sel.reasons]
    assert sorted(named[:3]) == ["0", "1", "2"]
    assert named[3:6] == named[:3] == named[6:]
