"""`max_dist` is `k_center` with another start."""

from __future__ import annotations

import numpy as np
import pytest

import querist

LINE = np.array([[1.0], [2.0], [4.0], [5.0]])


def test_with_nothing_labelled_it_starts_at_the_largest_norm() -> None:
    x = np.array([[6.0], [7.0], [-6.5], [5.0]])  # the mean is 2.9: the row farthest from it is -6.5
    chosen = querist.select("max_dist", 3, embedding=x)
    assert chosen.indices.tolist() == [1, 2, 3]
    assert chosen.scores == pytest.approx([7.0, 13.5, 2.0])
    assert chosen.reasons[0].startswith("largest norm")
    assert querist.select("k_center", 1, embedding=x).indices.tolist() == [2]


def test_with_something_labelled_or_pending_it_is_k_center() -> None:
    rng = np.random.default_rng(0)
    x, known = rng.normal(size=(200, 3)), {"embedding": rng.normal(size=(4, 3))}
    truth = querist.select("k_center", 30, embedding=x, labelled=known)
    for chosen in (
        querist.select("max_dist", 30, embedding=x, labelled=known),
        querist.select("max_dist", 30, embedding=x, pending=known),
    ):
        assert chosen.indices.tolist() == truth.indices.tolist()
        assert np.array_equal(chosen.scores, truth.scores)


def test_equal_norms_are_told_apart_by_id() -> None:
    x, ids = np.array([[3.0, 4.0], [0.0, 5.0], [-5.0, 0.0], [1.0, 1.0]]), np.array(["a", "b", "c", "d"])
    for seed in range(8):
        a = querist.select("max_dist", 4, embedding=x, ids=ids, seed=seed)
        b = querist.select("max_dist", 4, embedding=x[::-1], ids=ids[::-1], seed=seed)
        assert list(a.ids) == list(b.ids)
    starts = {str(querist.select("max_dist", 1, embedding=x, ids=ids, seed=s).ids[0]) for s in range(30)}
    assert starts == {"a", "b", "c"}
