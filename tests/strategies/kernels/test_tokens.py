"""Token kernels against loops over tokens, with padding anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import tokens as module
from querist.strategies.kernels.tokens import (
    best_windows,
    entropies,
    lengths,
    margins,
    pooled,
    surprises,
    uncertain,
)


def sentences(seed: int, size: int, longest: int, classes: int, dtype: type = np.float64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.dirichlet(np.ones(classes), (size, longest))
    out[rng.random((size, longest)) < 0.3] = 0.0  # padding, also in the middle
    return np.asarray(out, dtype=dtype)


SHAPES = st.tuples(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 8), st.sampled_from([1, 2, 5, 70]))


@given(SHAPES)
@settings(max_examples=25, deadline=None)
def test_scores_of_tokens(shape: tuple[int, int, int, int]) -> None:
    p = sentences(*shape)
    for i, item in enumerate(p):
        for t, row in enumerate(item):
            got = [kernel(p)[i, t] for kernel in (entropies, margins, uncertain, surprises)]
            if not row.any():
                assert np.isnan(got).all()
                continue
            ordered = np.sort(np.append(row, 0.0))[::-1]
            want = [-(row[row > 0] * np.log(row[row > 0])).sum(), 1 - ordered[0] + ordered[1], 1 - ordered[0]]
            assert got == pytest.approx([*want, -np.log(ordered[0])])
    assert lengths(p).tolist() == [int(item.any(axis=1).sum()) for item in p]


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    p = sentences(0, 50, 6, 4, np.float32)
    before = [f(p) for f in (entropies, margins, surprises)]
    monkeypatch.setattr("querist.strategies.kernels.blocks.BLOCK_BYTES", 200)
    for a, f in zip(before, (entropies, margins, surprises), strict=True):
        assert np.array_equal(a, f(p), equal_nan=True)
    assert module.HOWS == ("mean", "sum", "max")


def test_pooling_by_hand() -> None:
    scores = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [-2.0, -1.0, -3.0]])
    assert pooled(scores, "mean").tolist() == [2, 0, -2]
    assert pooled(scores, "sum").tolist() == [4, 0, -6]
    assert pooled(scores, "max").tolist() == [3, 0, -1]


@given(SHAPES, st.integers(1, 4), st.integers(0, 4))
@settings(max_examples=50, deadline=None)
def test_best_windows_against_all_windows(shape: tuple[int, int, int, int], shortest: int, more: int) -> None:
    scores = np.round(entropies(sentences(*shape)), 1)  # ties are frequent
    best, start, width = best_windows(scores, shortest, shortest + more)
    for i, row in enumerate(scores):
        real = row[~np.isnan(row)]
        if len(real) < shortest:
            assert (start[i], width[i]) == (0, len(real))
            assert best[i] == pytest.approx(real.mean() if len(real) else 0.0)
            continue
        windows = [
            (-round(float(real[a : a + w].mean()), 8), w, a)
            for w in range(shortest, min(shortest + more, len(real)) + 1)
            for a in range(len(real) - w + 1)
        ]
        value, w, a = min(windows)
        assert best[i] == pytest.approx(-value, abs=1e-7)
        assert (width[i], start[i]) == (w, a)


def test_a_little_above_one_is_sure() -> None:
    p = np.array([[[1.0005, 0.0]]])
    assert surprises(p).tolist() == [[0.0]]
    assert uncertain(p).tolist() == [[0.0]]
