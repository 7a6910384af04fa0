"""Mutual information of label and model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.arrays import score, select

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]], [[0.25, 0.75], [0.75, 0.25]]])


def test_hand_computed() -> None:
    """Members that are sure and disagree tell most; members that agree on not knowing tell nothing."""
    third = math.log(2) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75)
    np.testing.assert_allclose(score("bald", members=M), [math.log(2), 0.0, third], atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(rows(most=20))
def test_one_member_tells_nothing(p: NDArray[np.float64]) -> None:
    assert score("bald", members=p[:, None, :]).tolist() == [0.0] * len(p)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_bounds(m: NDArray[np.float64]) -> None:
    bald = score("bald", members=m)
    assert (bald >= 0).all()
    assert (bald <= math.log(min(m.shape[1:])) + 1e-5).all()
    assert (bald <= score("predictive_entropy", members=m) + 1e-5).all()


@pytest.mark.parametrize("samples", [2, 5])
def test_order_of_members_means_nothing(samples: int) -> None:
    rng = np.random.default_rng(0)
    m = rng.dirichlet(np.ones(4), (30, samples))
    np.testing.assert_allclose(score("bald", members=m), score("bald", members=m[:, ::-1]), atol=1e-14)


def test_reason() -> None:
    assert select("bald", 1, members=M).reasons == ("an answer tells 0.69 of at most 0.69 nats about the model",)
