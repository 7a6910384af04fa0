"""BALD through a channel of wrong answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from probability_rows import rows, tolerance
from querist.strategies.arrays import score, select
from querist.strategies.parser import parse

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])


def test_hand_computed() -> None:
    """Two sure members that differ: the capacity of a binary symmetric channel, log 2 - H(e)."""
    expected = math.log(2) + 0.1 * math.log(0.1) + 0.9 * math.log(0.9)
    np.testing.assert_allclose(score("noisy_bald(noise=0.1)", members=M), [expected, 0.0], atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8), st.floats(0, 1))
def test_against_the_channel_written_out_and_never_above_bald(m: NDArray[np.float64], noise: float) -> None:
    classes = m.shape[2]
    channel = np.full((classes, classes), noise / max(classes - 1, 1))
    np.fill_diagonal(channel, 1 - noise if classes > 1 else 1.0)
    got = score(f"noisy_bald(noise={noise!r})", members=m)
    np.testing.assert_allclose(got, score("bald", members=m.astype(np.float64) @ channel), atol=2 * tolerance(m))
    assert (got <= score("bald", members=m) + 2 * tolerance(m)).all()


def test_no_noise_is_bald_and_answers_at_random_tell_nothing() -> None:
    m = np.random.default_rng(0).dirichlet(np.ones(4), (20, 5))
    assert score("noisy_bald(noise=0)", members=m).tolist() == score("bald", members=m).tolist()
    np.testing.assert_allclose(score("noisy_bald(noise=0.75)", members=m), 0.0, atol=1e-14)


@pytest.mark.parametrize("noise", ["-0.1", "1.5", "'much'"])
def test_bad_noise(noise: str) -> None:
    with pytest.raises((querist.ArgumentError, querist.ArgumentTypeError), match="noise must be a share from 0 to 1"):
        parse(f"noisy_bald(noise={noise})")


def test_reason() -> None:
    assert select("noisy_bald", 1, members=M).reasons == (
        "an answer tells 0.37 nats about the model, 10 % of them being wrong",
    )
