"""`gsx`: farthest first from the middle."""

from __future__ import annotations

import numpy as np
import pytest

import querist

LINE = np.array([[0.0], [1.0], [4.0], [10.0]])


def test_it_starts_nearest_to_the_mean() -> None:
    chosen = querist.select("gsx", 3, embedding=LINE)  # mean 3.75
    assert chosen.indices.tolist() == [2, 3, 0]
    assert chosen.scores == pytest.approx([0.25, 6.0, 4.0])
    assert chosen.reasons[0].startswith("nearest to the mean of the pool")


def test_with_something_known_it_is_k_center() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    for role in ("labelled", "pending"):
        known = {role: {"embedding": x[:2] + 0.1}}
        a = querist.select("gsx", 10, embedding=x, labelled=known.get("labelled"), pending=known.get("pending"))
        b = querist.select("k_center", 10, embedding=x, labelled=known.get("labelled"), pending=known.get("pending"))
        assert a.indices.tolist() == b.indices.tolist()
        assert a.scores.tolist() == b.scores.tolist()
