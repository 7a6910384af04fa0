"""Share of votes against the majority."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

A, B, C, TIE = [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]
M = np.array([[A, A, A, A], [A, A, B, C], [A, B, C, C], [TIE, TIE, B, B]])


def test_hand_computed() -> None:
    """The last item: two votes for the first of equals, two for the second class."""
    assert score("variation_ratio", members=M).tolist() == [0.0, 0.5, 0.5, 0.5]
    assert score("variation_ratio", members=M[:, :3]).tolist() == [0.0, 1 - 2 / 3, 1 - 1 / 3, 1 - 2 / 3]


def test_reason() -> None:
    assert select("variation_ratio", 1, members=M[1:2]).reasons == ("2 of 4 members vote against the majority",)
