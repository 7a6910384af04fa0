"""What the methods of the last layer read."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, View
from querist.strategies.methods.last_layer import (
    answered,
    guessed,
    has,
    known_embedding,
    labelled_classes,
    sample_rows,
)

P, H = np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def view(role: str, labels: list[int] | None = None) -> View:
    arrays = {PROBS: P, EMBEDDING: H}
    return View(2, arrays if labels is None else {**arrays, LABELS: np.array(labels)}, role=role)


def test_gradient_factors() -> None:
    a, h = guessed(view("pool"))
    assert a.tolist() == [[-0.25, 0.25], [-0.5, 0.5]]
    assert h is H
    assert answered(view("labelled", [1, 0]))[2].tolist() == [1, 0]


def test_labels_that_name_no_class_and_empty_sets() -> None:
    for labels in ([0, 2], [-1, 0]):
        with pytest.raises(DataError, match="labels of the labelled must lie in") as error:
            answered(view("labelled", labels))
        assert error.value.code == "BadLabel"
    empty = View(0, {PROBS: P[:0], EMBEDDING: H[:0], LABELS: np.zeros(0, int)}, role="reference")
    with pytest.raises(DataError, match="the reference set has 0 items") as none:
        answered(empty)
    assert none.value.code == "EmptyReference"
    with pytest.raises(DataError, match="the reference set has 0 items"):
        labelled_classes(empty)
    nothing = View(0, {PROBS: P[:0], EMBEDDING: H[:0], LABELS: np.zeros(0, int)}, role="labelled")
    assert answered(nothing)[2].tolist() == []
    assert labelled_classes(view("labelled", [0, 7]))[1].tolist() == [0, 7]


def test_known_items_and_samples() -> None:
    pool = View(2, {EMBEDDING: H})
    assert known_embedding(Context(pool)).shape == (0, 3)
    both = Context(pool, labelled=View(2, {EMBEDDING: H}), pending=View(1, {EMBEDDING: H[:1]}))
    assert known_embedding(both).tolist() == [*H.tolist(), H[0].tolist()]
    assert has(both.pending, EMBEDDING)
    assert not has(both.pending, EMBEDDING, PROBS)
    wide = Context(View(100, {EMBEDDING: np.zeros((100, 1))}), seed=3)
    rows = sample_rows(wide, 10, "x")
    assert len(set(rows.tolist())) == 10
    assert sorted(wide.keys("x")[rows]) == sorted(wide.keys("x"))[:10]
    assert sample_rows(wide, 100, "x").tolist() == list(range(100))
