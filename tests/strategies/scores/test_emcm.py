"""`emcm`: expected change of a regression's weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist.core.errors import ArgumentError


def test_by_hand() -> None:
    """Members 1, 3, 5 have mean 3 and mean distance 4/3 to it; |h| = 5."""
    got = querist.select("emcm", 1, members=np.array([[1.0, 3.0, 5.0]]), embedding=np.array([[3.0, 4.0]]))
    assert got.scores == pytest.approx([20 / 3])
    assert got.reasons == ("expected change of the weights 6.67 (mean over 3 members)",)


@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=25, deadline=None)
def test_against_gradients_written_out(seed: int, samples: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    m: Any = rng.normal(size=(8, samples)).astype(dtype)
    h: Any = rng.normal(size=(8, 3)).astype(dtype)
    want = [np.mean([np.linalg.norm((m[i].mean() - f) * h[i]) for f in m[i]]) for i in range(8)]
    got = querist.score("emcm", members=m, embedding=h)
    assert got == pytest.approx(want, rel=1e-4 if dtype == np.float32 else 1e-10, abs=1e-6)


def test_members_that_agree_and_members_of_classes() -> None:
    assert querist.score("emcm", members=np.full((2, 4), 7.0), embedding=np.ones((2, 2))).tolist() == [0.0, 0.0]
    with pytest.raises(ArgumentError, match="for classes use egl") as error:
        querist.score("emcm", members=np.full((2, 4, 2), 0.5), embedding=np.ones((2, 2)))
    assert error.value.code == "ShapeMismatch"
