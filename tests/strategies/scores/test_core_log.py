"""CoreLog."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.arrays import score, select

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])


def test_hand_computed() -> None:
    """An answer at item 0 leaves one member: its certainty is log 2 from the mean at item 0, nothing at item 1."""
    np.testing.assert_allclose(score("core_log", members=M, reference={"members": M}), [math.log(2) / 2, 0], atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_equals_epig(m: NDArray[np.float64]) -> None:
    reference = {"members": m[::-1]}
    epig = score("epig", members=m, reference=reference)
    np.testing.assert_allclose(score("core_log", members=m, reference=reference), epig, atol=1e-12)


def test_reason() -> None:
    chosen = select("core_log", 1, members=M, reference={"members": M})
    assert chosen.reasons == ("an answer moves the predictions of 2 items by 0.35 nats each",)
