"""Expected predictive information gain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

import querist
from probability_rows import rows
from querist.strategies.arrays import score, select

SURE_AND_APART = [[1.0, 0.0], [0.0, 1.0]]
UNSURE = [[0.5, 0.5], [0.5, 0.5]]
M = np.array([SURE_AND_APART, UNSURE])


def test_hand_computed() -> None:
    """Two members that disagree on x and on x*: the answer at x gives the answer at x* away, log 2 nats."""
    got = score("epig", members=M, reference={"members": np.array([SURE_AND_APART, UNSURE])})
    np.testing.assert_allclose(got, [math.log(2) / 2, 0.0], atol=1e-15)


def test_hand_computed_joint() -> None:
    x = np.array([[[0.25, 0.75], [0.75, 0.25]]])
    joint = np.array([[(0.25**2 + 0.75**2) / 2, 0.25 * 0.75], [0.25 * 0.75, (0.25**2 + 0.75**2) / 2]])
    expected = (joint * np.log(joint / 0.25)).sum()
    np.testing.assert_allclose(score("epig", members=x, reference={"members": x}), [expected], rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(rows(members=True, most=6))
def test_at_most_what_it_tells_about_the_model(m: NDArray[np.float64]) -> None:
    """Labels depend on each other through the model only, so no label tells more about another than about the model."""
    epig = score("epig", members=m, reference={"members": m})
    assert (epig <= score("bald", members=m) + 3e-5).all()


def test_disagreement_that_does_not_matter_is_passed_over() -> None:
    """Members that disagree on x as much as anywhere, but agree on the reference set."""
    m = np.array([[[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]], [[0.8, 0.2], [0.8, 0.2], [0.2, 0.8], [0.2, 0.8]]])
    reference = {"members": m[1:]}
    assert select("bald", 1, members=m).indices.tolist() == [0]
    assert select("epig", 1, members=m, reference=reference).indices.tolist() == [1]


def test_without_reference_it_is_an_error() -> None:
    with pytest.raises(querist.ArgumentError, match="reference") as caught:
        score("epig", members=M)
    assert caught.value.code == "MissingSignal"


def test_reason() -> None:
    chosen = select("epig", 1, members=M, reference={"members": M})
    assert chosen.reasons == ("an answer tells 0.35 of at most 0.69 nats about each label of 2 reference items",)
