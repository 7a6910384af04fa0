"""Figures of learning curves: area, labels to a target, and the mean of several curves with its band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from querist.benchmark.statistics import bootstrap_band
from querist.core.errors import ArgumentError, shorten

__all__ = ["Curve", "Rule", "aubc", "aubc_published", "labels_to_target", "mean_curve"]

Curve = tuple[Sequence[float], Sequence[float]]
"""Label counts, ascending, and the metric at each."""
Rule = Literal["points", "mean"]
"""How a publication sums a curve up."""


def aubc(labels: Sequence[float], values: Sequence[float]) -> float:
    """Area under the budget curve: trapezoid area of the metric over labels, divided by the label range.

    Args:
        labels: (T,) label counts, ascending.
        values: (T,) metric at each.

    Returns:
        A mean height in the metric's unit; the value itself where there is one point.

    Raises:
        ArgumentError: the two differ in length, are empty, or the counts do not ascend (``BadCurve``).

    >>> aubc([0, 10, 30], [0.0, 1.0, 1.0])
    0.8333333333333334
    """
    x, y = _checked(labels, values)
    span = float(x[-1] - x[0])
    if span == 0:
        return float(y[-1])
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) / span)


def aubc_published(values: Sequence[float], rule: Rule) -> float:
    """The area by the rule of a published table, so that its figures can be compared.

    Args:
        values: (T,) metric of each round.
        rule: ``"points"``: trapezoid area with the rounds one apart, divided by their number, which is below the mean
            height (ariapoy/active-learning-benchmark); ``"mean"``: mean over the rounds
            (wernerth94/A-Cross-Domain-Benchmark-for-Active-Learning).

    Raises:
        ArgumentError: there are no values (``BadCurve``), or there is no such rule (``BadValue``).

    >>> aubc_published([0.5, 0.7, 0.9], "points"), aubc_published([0.5, 0.7, 0.9], "mean")
    (0.4666666666666666, 0.7000000000000001)
    """
    _, y = _checked(range(len(values)), values)
    if rule == "points":
        return float(np.sum(y[1:] + y[:-1]) / 2 / len(y))
    if rule == "mean":
        return float(np.mean(y))
    raise ArgumentError(f"the rule of a published area is 'points' or 'mean'; got {rule!r}", code="BadValue")


def labels_to_target(labels: Sequence[float], values: Sequence[float], target: float) -> int | None:
    """Label count of the first round at which the metric is at least ``target``; None where it never is.

    For a metric where lower is better, give values and target with their signs turned.

    >>> labels_to_target([10, 20, 30], [0.5, 0.7, 0.6], 0.6)
    20
    """
    x, y = _checked(labels, values)
    reached = np.flatnonzero(y >= target)
    return int(x[reached[0]]) if len(reached) else None


def mean_curve(
    curves: Sequence[Curve], *, seed: int = 0, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean of several curves on the label counts that all of them have, with a bootstrap band of the mean.

    Args:
        curves: (labels, values) of each seed.
        seed: root seed of the bootstrap.
        level: coverage of the band at each point.

    Returns:
        labels, mean, low, high: (T,) each. T is 0 where the curves share no label count. One curve has no spread to
        show: low and high are the curve.

    Raises:
        ArgumentError: no curve was given, or one is malformed (``BadCurve``).
    """
    if not curves:
        raise ArgumentError("no curve was given; give one (labels, values) for each seed", code="BadCurve")
    tables = [dict(zip(*(part.tolist() for part in _checked(*curve)), strict=True)) for curve in curves]
    common = sorted(set.intersection(*(set(t) for t in tables)))
    rows = np.array([[t[c] for c in common] for t in tables], dtype=np.float64)
    mean = rows.mean(axis=0)
    if len(rows) == 1 or not common:
        return np.array(common, dtype=np.float64), mean, mean.copy(), mean.copy()
    low, high = bootstrap_band(rows, seed=seed, level=level, draws=2_000)
    return np.array(common, dtype=np.float64), mean, low, high


def _checked(labels: Sequence[float], values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(labels, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise ArgumentError(
            f"a curve needs as many values as label counts, and at least one; got {x.shape} and {y.shape}",
            code="BadCurve",
        )
    if (np.diff(x) < 0).any():
        raise ArgumentError(f"the label counts of a curve must ascend; got {shorten(x.tolist())}", code="BadCurve")
    return x, y
