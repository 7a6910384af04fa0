"""`lcmd` on hand-made points: start, labelled and pending, order of the pool, duplicates."""

from __future__ import annotations

import numpy as np
import pytest

import querist

LINE = np.array([[0.0], [1.0], [2.0], [10.0], [13.0]])


def test_the_largest_cluster_gives_its_farthest() -> None:
    known = {"embedding": np.array([[0.0], [10.0]])}
    chosen = querist.select("lcmd", 3, embedding=LINE, labelled=known)
    assert chosen.indices.tolist() == [4, 2, 1]  # sums 5 and 9; then 5 and 0; then 1 is left
    assert chosen.scores == pytest.approx([3.0, 2.0, 1.0])
    assert "distance 3" in chosen.reasons[0]
    assert "squared distances 9" in chosen.reasons[0]


def test_not_the_farthest_of_all() -> None:
    x = np.array([[0.0], [2.0], [2.0], [2.0], [103.0]])
    known = {"embedding": np.array([[0.0], [100.0]])}  # 12 against 9, though 103 lies farther from its centre
    assert querist.select("lcmd", 1, embedding=x, labelled=known).indices.tolist()[0] in (1, 2, 3)
    assert querist.select("k_center", 1, embedding=x, labelled=known).indices.tolist() == [4]


def test_pending_counts_as_labelled_does() -> None:
    one, two = {"embedding": LINE[:1]}, {"embedding": LINE[3:4]}
    rows = [
        querist.select("lcmd", 3, embedding=LINE, labelled=a, pending=b).indices.tolist()
        for a, b in ((one, two), (two, one), ({"embedding": LINE[[0, 3]]}, None), (None, {"embedding": LINE[[0, 3]]}))
    ]
    assert rows == [[4, 2, 1]] * 4
    assert querist.select("lcmd", 1, embedding=LINE, labelled=one).indices.tolist() == [4]


def test_with_nothing_labelled_it_starts_at_the_largest_norm() -> None:
    x = np.array([[-5.0, 0.0], [3.0, 3.0], [4.9, 0.0], [4.8, 0.0]])
    chosen = querist.select("lcmd", 2, embedding=x)
    assert chosen.indices.tolist() == [0, 2]
    assert chosen.scores == pytest.approx([5.0, 9.9])
    assert chosen.reasons[0].startswith("largest norm")


def test_duplicates_come_last_and_ratings_play_no_part() -> None:
    x = np.repeat(np.array([[0.0, 1.0], [5.0, 0.0], [9.0, 9.0]]), 4, axis=0)
    chosen = querist.select("lcmd", 12, embedding=x)
    assert sorted(chosen.indices.tolist()) == list(range(12))
    assert {r // 4 for r in chosen.indices[:3].tolist()} == {0, 1, 2}
    assert chosen.reasons[5].startswith("no item is left")
    rated = querist.select("egl >> lcmd", 12, embedding=x, probs=np.random.default_rng(0).dirichlet([1, 1], 12))
    assert rated.indices.tolist() == chosen.indices.tolist()


def test_the_order_of_the_pool_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    x, ids = rng.integers(0, 4, size=(60, 3)).astype(np.float32), np.array([f"i{k}" for k in range(60)])
    for seed in range(5):
        order = rng.permutation(60)
        a = querist.select("lcmd", 25, embedding=x, ids=ids, seed=seed)
        b = querist.select("lcmd", 25, embedding=x[order], ids=ids[order], seed=seed)
        assert list(a.ids) == list(b.ids)
