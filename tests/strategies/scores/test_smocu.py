"""MOCU that does not get stuck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

import querist
from querist.strategies.arrays import score, select
from querist.strategies.parser import parse

SPLIT = [[1.0, 0.0], [0.0, 1.0]]
LEANING = [[0.9, 0.1], [0.6, 0.4]]
M = np.array([SPLIT, LEANING])


def test_hand_computed() -> None:
    """The answer at item 0 names the member, and moves the prediction at item 1 without changing the guess."""
    got = score("smocu(sharpness=4)", members=M, reference={"members": M[1:]})
    before = logsumexp([4 * 0.75, 4 * 0.25]) / 4
    after = (logsumexp([4 * 0.9, 4 * 0.1]) + logsumexp([4 * 0.6, 4 * 0.4])) / 8
    assert got[0] == pytest.approx(after - before)
    assert got[0] > 0
    assert score("mocu", members=M, reference={"members": M[1:]})[0] == 0


@pytest.mark.parametrize("value", ["0", "-1", "'soft'"])
def test_bad_sharpness(value: str) -> None:
    with pytest.raises((querist.ArgumentError, querist.ArgumentTypeError), match="sharpness must be a number > 0"):
        parse(f"smocu(sharpness={value})")


def test_reason() -> None:
    assert select("smocu", 1, members=M, reference={"members": M[:1]}).reasons == (
        "an answer makes the best guess 0.47 surer on each of 1 items",
    )
