"""Random sampling depends on the id and the seed alone."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select


def test_uniform_and_by_seed() -> None:
    ids = np.arange(20_000)
    one, two = score("random", ids=ids, seed=1), score("random", ids=ids, seed=2)
    assert one.min() > 0
    assert one.max() < 1
    assert abs(one.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03


def test_an_items_number_does_not_depend_on_the_others() -> None:
    whole = score("random", ids=["a", "b", "c", "d"], seed=7)
    part = score("random", ids=["d", "b"], seed=7)
    assert part.tolist() == [whole[3], whole[1]]


def test_every_row_is_chosen_equally_often() -> None:
    counts = np.zeros(10)
    for seed in range(2000):
        counts[select("random", 3, ids=range(10), seed=seed).indices] += 1
    assert abs(counts - 600).max() < 5 * np.sqrt(2000 * 0.3 * 0.7)
    assert select("random", 1, ids=range(10)).reasons == ("drawn at random",)
