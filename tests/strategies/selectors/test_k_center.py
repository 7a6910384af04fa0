"""`k_center` on hand-made points: start, labelled and pending, order of the pool."""

from __future__ import annotations

import numpy as np
import pytest

import querist

LINE = np.array([[0.0], [1.0], [4.0], [10.0]])


def test_with_nothing_labelled_it_starts_farthest_from_the_mean() -> None:
    chosen = querist.select("k_center", 3, embedding=LINE)  # mean 3.75
    assert chosen.indices.tolist() == [3, 0, 2]
    assert chosen.scores == pytest.approx([6.25, 10.0, 4.0])
    assert "mean of the pool" in chosen.reasons[0]


def test_labelled_and_pending_count_alike() -> None:
    a = querist.select("k_center", 2, embedding=LINE, labelled={"embedding": LINE[3:]})
    b = querist.select("k_center", 2, embedding=LINE, pending={"embedding": LINE[3:]})
    both = querist.select(
        "k_center", 1, embedding=LINE, labelled={"embedding": LINE[3:]}, pending={"embedding": LINE[:1]}
    )
    assert a.indices.tolist() == b.indices.tolist() == [0, 2]
    assert both.indices.tolist() == [2]


def test_ratings_play_no_part() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    a = querist.select("entropy >> k_center", 3, probs=p, embedding=LINE)
    assert a.indices.tolist() == querist.select("k_center", 3, embedding=LINE).indices.tolist()


def test_the_order_of_the_pool_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    x, ids = rng.integers(0, 4, size=(60, 3)).astype(np.float32), np.array([f"i{k}" for k in range(60)])
    for seed in range(5):
        order = rng.permutation(60)
        a = querist.select("k_center", 20, embedding=x, ids=ids, seed=seed)
        b = querist.select("k_center", 20, embedding=x[order], ids=ids[order], seed=seed)
        assert list(a.ids) == list(b.ids)


def test_memory_maps(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "x.npy"
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    np.save(file, x)
    mapped = querist.select("k_center", 9, embedding=np.load(file, mmap_mode="r"))
    assert mapped.indices.tolist() == querist.select("k_center", 9, embedding=x).indices.tolist()
