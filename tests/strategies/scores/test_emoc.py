"""`emoc`: expected change of a least-squares head's outputs."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from strategies.last_layer_pools import signals


def test_against_fits_with_each_answer() -> None:
    """The head is fitted with and without each answer; its outputs at x are taken to be p."""
    pool, known = signals(0, 9), signals(1, 5)
    p, h, x = pool["probs"], pool["embedding"], known["embedding"]
    base = 0.7 * np.eye(4) + x.T @ x
    want = np.zeros(9)
    for i in range(9):
        fitted = np.linalg.solve(base + np.outer(h[i], h[i]), h[i])  # the new row's column of the solution
        for y in range(3):
            change = np.outer(h @ fitted, np.eye(3)[y] - p[i])
            want[i] += p[i, y] * np.linalg.norm(change, axis=1).mean()
    got = querist.score("emoc(ridge=0.7)", **pool, labelled={"embedding": x})
    assert got == pytest.approx(want, rel=1e-9)
    assert querist.score("emoc(ridge=0.7)", **pool, pending={"embedding": x}).tolist() == got.tolist()


def test_sure_items_change_nothing_and_the_reason_says_how_much() -> None:
    chosen = querist.select("emoc", 1, probs=np.array([[1.0, 0.0], [0.5, 0.5]]), embedding=np.ones((2, 1)))
    assert chosen.indices.tolist() == [1]
    assert chosen.scores == pytest.approx([np.sqrt(0.5) / 2])
    assert chosen.reasons == ("an answer is expected to change the pool's outputs by 0.354 on average",)
    assert querist.score("emoc", probs=np.array([[1.0, 0.0]]), embedding=np.ones((1, 1))).tolist() == [0.0]


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="sample must be ≥ 1"):
        querist.Emoc(sample=0)
    with pytest.raises(ArgumentError, match="ridge must be a number > 0"):
        querist.Emoc(ridge=float("nan"))
