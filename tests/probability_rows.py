"""Hypothesis strategies for rows of probabilities: random, tied, constant, one-hot and extreme."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

KINDS = ("random", "tied", "constant", "one-hot", "extreme")


@st.composite
def rows(draw: st.DrawFn, *, members: bool = False, most: int = 40) -> NDArray[Any]:
    """(N, C), or (N, S, C) with ``members``; float32 or float64; some with more classes than one vector pass takes."""
    kind = draw(st.sampled_from(KINDS))
    classes = draw(st.sampled_from((1, 2, 3, 5, 10, 33, 70)))
    shape = (draw(st.integers(1, most)), *((draw(st.integers(1, 7)),) if members else ()), classes)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from((np.float32, np.float64)))
    if kind == "random":
        raw = rng.random(shape) + 1e-3
    elif kind == "tied":
        raw = rng.integers(1, 3, shape).astype(np.float64)
    elif kind == "constant":
        raw = np.ones(shape)
    elif kind == "one-hot":
        raw = np.eye(classes)[rng.integers(0, classes, shape[:-1])]
    else:
        raw = 10.0 ** rng.uniform(-30, 0, shape)
        raw[rng.random(shape) < 0.2] = 0.0
        raw[..., 0] += 1e-12
    return np.asarray(raw / raw.sum(axis=-1, keepdims=True), dtype=dtype)


def tolerance(array: NDArray[Any]) -> float:
    """How far a kernel in the precision of ``array`` may be from its float64 reference, for values of order one."""
    return 2e-5 if array.dtype == np.float32 else 1e-12
