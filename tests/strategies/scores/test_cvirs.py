"""`cvirs` by hand: places by margin, distances of label sets."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

P = np.array([[0.9, 0.1], [0.6, 0.3], [0.2, 0.05]])


def test_by_hand() -> None:
    # margins: label 0 .8 .2 .6, label 1 .8 .4 .9; places: (0 + .5)/2, (1 + 1)/2, (.5 + 0)/2
    # label sets 10, 10, 00; the known one is 10: distance 0 to itself, (2 log 2 - log 2 - 0)/log 2 = 1 to 00
    got = querist.score("cvirs", multilabel=P, labelled={"multilabel": np.array([[1.0, 0.0]])})
    assert got == pytest.approx([0, 0, 0.25])
    # known 01 differs from 10 in every label: distance 1
    got = querist.score("cvirs", multilabel=P, labelled={"multilabel": np.array([[0.0, 1.0]])})
    assert got == pytest.approx([0.25, 1.0, 0.25])
    chosen = querist.select("cvirs", 1, multilabel=P, labelled={"multilabel": np.array([[0.0, 1.0]])})
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons == ("less sure than 100 % of the items, label set 1.00 from those of labelled items",)


def test_distances_are_averaged_over_labelled_items() -> None:
    got = querist.score("cvirs", multilabel=P, labelled={"multilabel": np.array([[0.0, 1.0], [1.0, 0.0]])})
    assert got == pytest.approx([0.125, 0.5, 0.25])


def test_labelled_items_are_needed() -> None:
    with pytest.raises(ArgumentError, match="multilabel"):
        querist.score("cvirs", multilabel=P)
