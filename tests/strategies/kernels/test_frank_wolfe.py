"""Frank-Wolfe beside the steps written out over weights and all inner products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.frank_wolfe import frank_wolfe


def naive(x: np.ndarray, n: int, again: bool) -> tuple[list[int], np.ndarray]:
    """Over the weights w of all rows and the N x N inner products, as the paper has it."""
    k = x @ x.T
    lengths = np.sqrt(np.diag(k))
    w = np.zeros(len(x))
    order: list[int] = []
    for _ in range(n):
        fit = (1 - w) @ k / lengths
        if not again:
            fit[order] = -np.inf
        f = int(fit.argmax())
        corner = np.zeros(len(x))
        corner[f] = lengths.sum() / lengths[f]
        d = corner - w
        w = w + np.clip((1 - w) @ k @ d / (d @ k @ d), 0, 1) * d
        if f not in order:
            order.append(f)
    return order, w


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_same_steps(again: bool, shift: float) -> None:
    x = np.random.default_rng(0).normal(size=(50, 4)) + shift
    order, w = naive(x, 12, again)
    rows, fits, missing = frank_wolfe(x, 12, np.arange(50, dtype=np.uint64), again)
    assert rows.tolist()[: len(order)] == order
    assert len(set(rows.tolist())) == 12
    if not again:
        whole = np.linalg.norm(x.sum(axis=0))
        assert missing[-1] == pytest.approx(np.linalg.norm(x.sum(axis=0) - w @ x) / whole)
        assert (np.diff(missing) <= 1e-12).all(), "an exact line search never goes up"
        assert fits[0] == pytest.approx((x @ x.sum(axis=0) / np.linalg.norm(x, axis=1)).max() / whole)


def test_by_hand() -> None:
    x = np.array([[2.0, 0.0], [0.0, 1.0]])  # sum (2, 1), lengths 3
    rows, fits, missing = frank_wolfe(x, 2, np.arange(2, dtype=np.uint64))
    assert rows.tolist() == [0, 1]
    # step 1: corner (3, 0), line search 6 / 9, reached (2, 0); step 2: corner (0, 3), d = (-2, 3), 3 / 13
    assert fits == pytest.approx(np.array([2.0, 1.0]) / np.sqrt(5))
    assert missing[0] == pytest.approx(1 / np.sqrt(5))
    assert missing[1] == pytest.approx(np.hypot(2 - 20 / 13, 1 - 9 / 13) / np.sqrt(5))


@given(st.integers(0, 10**6), st.integers(1, 20), st.sampled_from([0.0, 1e-9, 1.0, 1e9]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_row_once_whatever_comes(seed: int, n: int, scale: float, again: bool) -> None:
    x = np.random.default_rng(seed).integers(-1, 2, size=(n, 2)) * scale
    for dtype in (np.float32, np.float64):
        rows, fits, missing = frank_wolfe(x.astype(dtype), n, np.arange(n, dtype=np.uint64), again)
        assert sorted(rows.tolist()) == list(range(n))
        assert np.isfinite(fits).all()
        assert np.isfinite(missing).all()
        zero = np.linalg.norm(x, axis=1) == 0
        assert not zero[rows[: int((~zero).sum())]].any(), "rows without direction come last"
