"""Anchors keep a part of fixed size around each class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import querist
from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, LABELS, Context, View
from querist.strategies.filters.anchors import Anchors
from querist.testing.strategies import check_strategy


def around(*degrees: float) -> NDArray[np.float64]:
    angles = np.deg2rad(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def kept(part: Anchors, n: int, x: Any, known: Any, labels: Any, seed: int = 0) -> list[int]:
    labelled = View(len(labels), {EMBEDDING: known, LABELS: np.asarray(labels)}, role="labelled")
    rows: list[int] = part.keep(Context(View(len(x), {EMBEDDING: x}), labelled, seed=seed), n).tolist()
    return rows


def test_neighbours_of_each_class_by_mean_cosine() -> None:
    x = around(0, 10, 30, 100, 130, 210) * np.array([[1], [9], [2], [1], [1], [5]])  # lengths play no part
    known = around(2, 105)
    assert kept(Anchors(k=2), 1, x, known, [0, 1]) == [0, 1, 3, 4]
    assert kept(Anchors(k=2, n=3), 1, x, known, [0, 1]) == [0, 1, 3]  # cosines of 2, 8, 5 and 25 degrees
    assert kept(Anchors(k=1), 4, x, known, [0, 1]) == [0, 1, 2, 3, 4]  # the batch: each anchor retrieves four


def test_a_row_that_two_anchors_retrieve_counts_by_its_mean() -> None:
    x = around(0, 40)
    # anchors at 0 and 80 degrees: row 0 has 0 and 80, row 1 has 40 and 40; means of cosines 0.587 and 0.766
    assert kept(Anchors(k=2, n=1), 1, x, around(0, 80), [0, 1]) == [1]


def test_zero_rows_have_cosine_zero() -> None:
    x = np.array([[0.0, 0.0], [-1.0, 0.0], [1.0, 0.1]])
    assert kept(Anchors(k=2), 1, x, np.array([[1.0, 0.0]]), [0]) == [0, 2]
    x = np.concatenate([np.zeros((1, 2)), around(70)])  # cosines 0 and 0.34, though zero lies nearer to the anchor
    assert kept(Anchors(k=1), 1, x, np.array([[1.0, 0.0]]), [0]) == [1]


def test_rare_classes_have_as_many_anchors() -> None:
    rng = np.random.default_rng(0)
    known = np.concatenate([around(*rng.uniform(0, 30, 50)), around(180.0)])
    x = around(*rng.uniform(0, 30, 60), 179.0, 181.0)
    rows = kept(Anchors(per_class=1, k=2), 1, x, known, [0] * 50 + [1])
    assert {60, 61} <= set(rows)
    assert len(rows) == 4
    drawn = {tuple(kept(Anchors(per_class=1, k=1), 1, x, known, [0] * 50 + [1], seed)) for seed in range(20)}
    assert len(drawn) > 5  # the anchor of the large class is drawn by the seed


def test_contract_reason_and_refusals() -> None:
    check_strategy("anchors(n=20, per_class=2, k=4)")
    x, labelled = around(0, 10, 20), {"embedding": around(0), "labels": np.array([1])}
    chosen = querist.select("anchors(k=1) | random", 1, embedding=x, labelled=labelled)
    assert chosen.reasons[0].endswith("among 1 of 3 nearest to 10 anchors a class")
    with pytest.raises(ArgumentError, match="needs the signal"):
        querist.select("anchors | random", 1, embedding=x)
    with pytest.raises(ArgumentError, match="at least one labelled item"):
        kept(Anchors(), 1, x, around(), [])
    with pytest.raises(ArgumentError, match="per_class must be ≥ 1"):
        Anchors(per_class=0)
