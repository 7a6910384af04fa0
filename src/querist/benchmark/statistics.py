"""Paired comparisons over common seeds: exact sign flip, Wilcoxon, Holm, bootstrap intervals, win/tie/loss.

A strategy and its baseline share the seeds, and with them the start set and the first model, so all comparisons are
paired: they look at the differences seed by seed.

Papers: Fisher (1935), *The Design of Experiments* (the randomisation test); Holm (1979), *A Simple Sequentially
Rejective Multiple Test Procedure*; Efron (1979), *Bootstrap Methods*; Phipson and Smyth (2010), *Permutation P-values
Should Never Be Zero* (the added one of the Monte Carlo form).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.seeds import generator

__all__ = ["bootstrap_band", "bootstrap_interval", "holm", "sign_flip", "wilcoxon", "wins"]

_EXACT = 20
_CHUNK = 1 << 16
_DRAWS = 100_000
_SLACK = 1e-12  # relative: sums that differ only by the order of addition count as equal


def sign_flip(differences: Sequence[float], *, seed: int = 0) -> float:
    """Two-sided p value of the paired sign-flip test of a mean difference of zero.

    Up to 20 differences all 2**n sign vectors are counted, which is exact; above that 100,000 are drawn, and the
    observed one counts as one of them.

    Args:
        differences: (n,) differences, one a seed.
        seed: root seed of the draws; the exact form uses none.

    Returns:
        The share of sign vectors whose sum is at least as far from zero as the observed one, in (0, 1]; 1.0 where all
        differences are zero.

    Raises:
        ArgumentError: nothing was given (``EmptyData``) or a value is not finite (``NotFinite``).

    >>> sign_flip([1.0, 2.0, 3.0])
    0.25
    """
    values = _finite(differences, "differences")
    if not values.any():
        return 1.0
    bound = abs(float(values.sum())) - _SLACK * float(np.abs(values).sum())
    n = len(values)
    if n <= _EXACT:
        # a sign vector and its opposite are equally far from zero: half of them stand for all
        half = 1 << (n - 1)
        starts = range(0, half, _CHUNK)
        hits = sum(_count(_signs(start, min(start + _CHUNK, half), n), values, bound) for start in starts)
        return hits / half
    rng = generator(seed, "sign_flip")
    hits = 0
    for start in range(0, _DRAWS, _CHUNK):
        rows = min(_CHUNK, _DRAWS - start)
        bits = rng.integers(0, 2, size=(rows, n), dtype=np.int8)
        hits += _count(_plus_minus(bits), values, bound)
    return (hits + 1) / (_DRAWS + 1)


def _signs(start: int, stop: int, n: int) -> NDArray[np.float64]:
    """Sign vectors number ``start`` to ``stop``: (stop - start, n) of -1 and +1, the bits of the number."""
    numbers = np.arange(start, stop, dtype=np.int64)[:, None]
    return _plus_minus((numbers >> np.arange(n)) & 1)


def _plus_minus(bits: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    signs = bits.astype(np.float64)
    return np.subtract(signs * 2, 1, dtype=np.float64)


def _count(signs: NDArray[np.float64], values: NDArray[np.float64], bound: float) -> int:
    return int(np.count_nonzero(np.abs(signs @ values) >= bound))


def wilcoxon(differences: Sequence[float]) -> float:
    """Two-sided p value of Wilcoxon's signed-rank test; zeros are dropped, 1.0 where nothing is left.

    Args:
        differences: (n,) differences, one a seed.

    Raises:
        ArgumentError: nothing was given (``EmptyData``) or a value is not finite (``NotFinite``).
    """
    values = _finite(differences, "differences")
    values = values[values != 0]
    if not len(values):
        return 1.0
    from scipy.stats import wilcoxon as signed_rank

    # Ties among the magnitudes rule the exact table out; the method is named so that scipy has nothing to warn of.
    tied = len(np.unique(np.abs(values))) < len(values)
    result = signed_rank(values, method="approx" if tied or len(values) > 50 else "exact")
    return float(result.pvalue)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction: adjusted p values in the order given.

    The k-th smallest of m is multiplied by m - k + 1, kept at least as large as the one before and at most 1.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    count = len(ps)
    adjusted = [1.0] * count
    running = 0.0
    for place, index in enumerate(sorted(range(count), key=lambda i: ps[i])):
        running = max(running, min((count - place) * float(ps[index]), 1.0))
        adjusted[index] = running
    return adjusted


def bootstrap_interval(
    values: Sequence[float], *, seed: int = 0, level: float = 0.95, draws: int = 10_000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean.

    Args:
        values: (n,) values, one a seed.
        seed: root seed of the draws.
        level: coverage, between 0 and 1.
        draws: number of resamples.

    Returns:
        (low, high); the value twice where there is only one.

    Raises:
        ArgumentError: nothing was given (``EmptyData``), a value is not finite (``NotFinite``) or the level is out of
            range (``BadLevel``).
    """
    array = _finite(values, "values")
    if not 0 < level < 1:
        raise ArgumentError(f"level must lie between 0 and 1; got {level}", code="BadLevel")
    if len(array) == 1:
        return float(array[0]), float(array[0])
    low, high = bootstrap_band(array[:, None], seed=seed, level=level, draws=draws)
    return float(low[0]), float(high[0])


def bootstrap_band(
    rows: NDArray[np.float64], *, seed: int = 0, level: float = 0.95, draws: int = 10_000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap band of the mean curve: whole curves are resampled.

    Args:
        rows: (n, T), one curve a seed.
        seed: root seed of the draws.
        level: coverage at each point.
        draws: number of resamples.

    Returns:
        Low and high, (T,) each.
    """
    count = len(rows)
    picks = generator(seed, "bootstrap").integers(0, count, size=(draws, count))
    weights = np.zeros((draws, count))
    np.add.at(weights, (np.arange(draws)[:, None], picks), 1.0 / count)
    means = weights @ rows
    tail = (1 - level) / 2
    # the weights of a draw add up to one only nearly: no mean lies outside of the values
    low, high = np.clip(np.quantile(means, [tail, 1 - tail], axis=0), rows.min(axis=0), rows.max(axis=0))
    return low, high


def wins(differences: Sequence[float]) -> tuple[int, int, int]:
    """Count (wins, ties, losses): differences above, at and below zero.

    >>> wins([0.1, 0.0, -0.2, 0.3])
    (2, 1, 1)
    """
    up = sum(d > 0 for d in differences)
    down = sum(d < 0 for d in differences)
    return up, len(differences) - up - down, down


def _finite(values: Sequence[float], name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    if not len(array):
        raise ArgumentError(f"{name} is empty; give one value for each seed", code="EmptyData")
    if not math.isfinite(float(array.sum())) or not np.isfinite(array).all():
        raise ArgumentError(f"{name} holds a value that is not a finite number: {array[:8]}", code="NotFinite")
    return array
