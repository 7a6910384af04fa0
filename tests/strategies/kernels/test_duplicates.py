"""Distinct rows against the rule written down plainly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.strategies.kernels import duplicates
from querist.strategies.kernels.duplicates import distinct_rows


def plainly(x: NDArray[Any], threshold: float) -> list[int]:
    kept: list[int] = []
    wide = x.astype(np.float64)
    for i in range(len(x)):
        for j in kept:
            lengths = np.linalg.norm(wide[i]) * np.linalg.norm(wide[j])
            cosine = wide[i] @ wide[j] / lengths if lengths > 0 else 0.0
            if cosine >= threshold - 1e-12:
                break
        else:
            if not any(np.array_equal(wide[i], wide[j]) for j in range(i)):
                kept.append(i)
    return kept


def test_first_come() -> None:
    x = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [2.0, 0.0], [0.0, 0.0], [-0.0, 0.0], [-1.0, 0.0]])
    assert distinct_rows(x, 0.99).tolist() == [0, 2, 4, 6]
    assert distinct_rows(x, 1.0).tolist() == [0, 1, 2, 4, 6]  # row 3 has cosine 1 with row 0; row 5 is a copy of row 4


def test_a_dropped_row_drops_nobody() -> None:
    angles = np.deg2rad([0.0, 20.0, 40.0])  # each is near the one before; the third is far from the first
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    assert distinct_rows(x, np.cos(np.deg2rad(25.0))).tolist() == [0, 2]


def test_a_cosine_of_exactly_the_threshold_is_enough() -> None:
    x = np.array([[1.0, 0.0], [3.0, 4.0]], dtype=np.float32)
    assert distinct_rows(x, 0.6).tolist() == [0]
    assert distinct_rows(x, 0.6 + 1e-9).tolist() == [0, 1]


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 60),
    threshold=st.sampled_from([0.2, 0.7, 0.95, 1.0]),
    kind=st.sampled_from(["normal", "tied", "constant", "zero"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=40, deadline=None)
def test_like_the_rule_written_down(seed: int, n: int, threshold: float, kind: str, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    if kind == "tied":
        x = np.round(x)
    elif kind == "constant":
        x = np.ones((n, 3))
    elif kind == "zero":
        x[rng.random(n) < 0.5] = 0.0
    x = x.astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_BLOCK", 7)
        patch.setattr(duplicates, "_KEPT", 4)
        assert distinct_rows(x, threshold).tolist() == plainly(x, threshold)


def test_integers_and_memory_maps(tmp_path: Any) -> None:
    x = np.array([[1, 0], [1, 0], [0, 1]])
    assert distinct_rows(x, 0.9).tolist() == [0, 2]
    np.save(tmp_path / "x.npy", x)
    assert distinct_rows(np.load(tmp_path / "x.npy", mmap_mode="r"), 0.9).tolist() == [0, 2]
