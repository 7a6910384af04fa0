"""Entropy of the shares of votes."""

from __future__ import annotations

import math

import numpy as np

from querist.strategies.arrays import score, select

A, B, C, TIE = [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]
M = np.array([[A, A, A, A], [A, A, B, C], [A, A, B, B], [TIE, TIE, TIE, A]])


def test_hand_computed() -> None:
    expected = [0.0, 1.5 * math.log(2), math.log(2), 0.0]
    np.testing.assert_allclose(score("vote_entropy", members=M), expected, atol=1e-15)


def test_reason_names_the_least_of_members_and_classes() -> None:
    assert select("vote_entropy", 1, members=M[1:2]).reasons == ("vote entropy 1.04 of at most 1.10 nats",)
    assert select("vote_entropy", 1, members=M[1:2, 1:3]).reasons == ("vote entropy 0.69 of at most 0.69 nats",)
