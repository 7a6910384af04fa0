"""`knn_shapley` by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

SURE = np.eye(2)


def given(labelled: list[float], names: list[int]) -> dict[str, Any]:
    known = {"embedding": np.array(labelled)[:, None], "labels": np.array(names)}
    return {"labelled": known, "reference": {"embedding": np.array([[0.0]]), "labels": np.array([0])}}


def test_by_hand() -> None:
    """k = 1, reference item 0 of class 0; pool at 1 (guess 0) and 2 (guess 1); a labelled item of class 1 at 3.

    From the far end: 0, 0, then 0 + (1 - 0) * 1/1 = 1.
    """
    x = np.array([[1.0], [2.0]])
    got = querist.select("knn_shapley(k=1)", 2, probs=SURE, embedding=x, **given([3.0], [1]))
    assert got.indices.tolist() == [0, 1]
    assert got.scores == pytest.approx([1.0, 0.0])
    assert got.reasons[0] == "worth 1 of the accuracy of a 1-nearest-neighbour classifier"


def test_where_labelled_items_serve_already_an_item_is_worth_less() -> None:
    x = np.array([[1.0], [2.0]])
    far = querist.score("knn_shapley(k=1)", probs=SURE, embedding=x, **given([3.0], [0]))
    near = querist.score("knn_shapley(k=1)", probs=SURE, embedding=x, **given([0.5], [0]))
    assert near[0] < far[0]
    level = querist.score("knn_shapley(k=1)", probs=SURE, embedding=x, **given([1.0], [0]))
    assert level[0] == near[0], "of items equally far the labelled one is nearer"


def test_with_nothing_labelled_the_pool_is_the_classifier() -> None:
    other = given([], [])
    other["labelled"] = {"embedding": np.zeros((0, 1)), "labels": np.zeros(0, dtype=int)}
    got = querist.score("knn_shapley(k=1)", probs=SURE, embedding=np.array([[1.0], [2.0]]), **other)
    assert got == pytest.approx([1.0, 0.0])


def test_bad_k() -> None:
    with pytest.raises(ArgumentError, match="k must be ≥ 1, got 0"):
        querist.KnnShapley(k=0)
