"""Expected improvement of the predictions of the pool."""

from __future__ import annotations

import numpy as np
import pytest

import querist

M = np.array([[0.0, 2.0, 0.0, 2.0], [0.0, 2.0, 0.0, 2.0], [0.0, 0.0, 2.2, 2.2], [1.0, 1.0, 1.0, 1.0]])
NOISE = np.full(4, 0.5)


def test_hand_computed() -> None:
    """Items 0 and 1 go together (variance 1): an answer takes 1 / 1.5 from both; item 2 stands alone with 1.21."""
    chosen = querist.select("deimos", 4, members=M, noise=NOISE)
    assert chosen.indices[0] in (0, 1)
    assert chosen.scores[0] == pytest.approx((1 / 1.5 + 1 / 1.5) / 4)
    assert chosen.indices[1] == 2
    assert chosen.scores[1] == pytest.approx(1.21**2 / 1.71 / 4)
    assert querist.select("pred_variance", 1, members=M).indices.tolist() == [2]
    assert chosen.indices[3] == 3
    assert chosen.reasons[0] == "an answer takes 0.33 from the mean variance of 4 predictions"


def test_pending_counts_as_chosen_and_labelled_plays_no_part() -> None:
    same = {"members": M[:1], "noise": NOISE[:1]}
    assert querist.select("deimos", 1, members=M, noise=NOISE, pending=same).indices.tolist() == [2]
    assert querist.select("deimos", 1, members=M, noise=NOISE, labelled=same).indices[0] in (0, 1)


def test_refusals() -> None:
    with pytest.raises(querist.ArgumentError, match="deimos compares items member by member"):
        querist.select("deimos", 1, members=M, noise=NOISE, consistent=False)
    with pytest.raises(querist.ArgumentError, match="for classes use core_mse"):
        querist.select("deimos", 1, members=np.full((4, 2, 2), 0.5), noise=NOISE)
    with pytest.raises(querist.ArgumentError, match="noise"):
        querist.select("deimos", 1, members=M)
