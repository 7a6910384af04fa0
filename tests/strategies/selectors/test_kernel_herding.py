"""`kernel_herding` on hand-made points; what is known counts; bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

LINE = np.array([[0.0], [0.0], [0.0], [9.0]])


def test_by_hand() -> None:
    chosen = querist.select("kernel_herding(sigma=1.0)", 2, embedding=LINE)
    assert chosen.indices[0] in (0, 1, 2)
    assert chosen.scores == pytest.approx([0.75, 0.25], abs=1e-6)


def test_labelled_and_pending_count_alike() -> None:
    a = querist.select("kernel_herding(sigma=1.0)", 1, embedding=LINE, labelled={"embedding": LINE[:2]})
    b = querist.select("kernel_herding(sigma=1.0)", 1, embedding=LINE, pending={"embedding": LINE[:2]})
    assert a.indices.tolist() == b.indices.tolist() == [3]
    assert a.scores == pytest.approx([0.25]), "3/4 - 2/3 for the copies"


def test_a_score_weighs_the_pool() -> None:
    p = np.array([[1.0, 0.0]] * 3 + [[0.5, 0.5]])
    assert querist.select("margin >> kernel_herding(sigma=1.0)", 1, embedding=LINE, probs=p).indices.tolist() == [3]


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="sigma must be a number > 0"):
        querist.parse("kernel_herding(sigma=0)")
