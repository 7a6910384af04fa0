"""`max_det` on hand-made rows; labelled and pending; kernels; bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

ROWS = np.array([[3.0, 0.0], [2.9, 0.1], [0.0, 1.0], [0.1, 0.0]])


def test_by_hand() -> None:
    chosen = querist.select("max_det(ridge=1.0)", 2, embedding=ROWS)
    assert chosen.indices.tolist() == [0, 2]
    assert chosen.scores == pytest.approx([np.log(1 + 9), np.log(1 + 1)])
    assert chosen.reasons[0] == "100% of it is new to what is labelled or chosen"
    # row 1 after row 0: 8.42 - (3 * 2.9)^2 / (9 + 1) = 0.851 < 1


def test_labelled_and_pending_count_alike() -> None:
    for kernel in ("linear", "cosine", "rbf"):
        text = f"max_det(kernel={kernel})"
        a = querist.select(text, 2, embedding=ROWS, labelled={"embedding": ROWS[:1]})
        b = querist.select(text, 2, embedding=ROWS, pending={"embedding": ROWS[:1]})
        assert a.indices.tolist() == b.indices.tolist()
        assert a.indices[0] in ((2, 3) if kernel == "rbf" else (2,))
    assert querist.select("max_det", 1, embedding=ROWS, labelled={"embedding": ROWS[2:3]}).indices[0] == 0


def test_cosine_is_linear_on_unit_rows() -> None:
    x = np.random.default_rng(0).normal(size=(30, 3))
    units = x / np.linalg.norm(x, axis=1, keepdims=True)
    a = querist.select("max_det(kernel=cosine, ridge=0.1)", 9, embedding=x)
    b = querist.select("max_det(ridge=0.1)", 9, embedding=units)
    assert a.indices.tolist() == b.indices.tolist()


def test_the_default_ridge_is_a_thousandth_of_the_mean_square() -> None:
    x = np.random.default_rng(0).normal(size=(30, 3)) * 7
    ridge = 1e-3 * float((x**2).sum(axis=1).mean())
    a, b = querist.select("max_det", 9, embedding=x), querist.select(f"max_det(ridge={ridge})", 9, embedding=x)
    assert a.indices.tolist() == b.indices.tolist()
    assert a.scores == pytest.approx(b.scores)


def test_bad_parameters() -> None:
    for text, words in (("kernel=cubic", "linear, cosine or rbf"), ("ridge=0", "> 0")):
        with pytest.raises(ArgumentError, match=words):
            querist.parse(f"max_det({text})")
