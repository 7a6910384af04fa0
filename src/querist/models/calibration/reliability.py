"""The reliability curve: among items told with confidence q, the share that is right.

Source: Murphy and Winkler, Reliability of Subjective Probability Forecasts of Precipitation and Temperature, 1977; Guo,
Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017, section 2, for the most probable class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.types import Array

__all__ = ["Reliability", "reliability", "top_class"]


@dataclass(frozen=True)
class Reliability:
    """Bins of confidence that hold items, in rising order.

    Args:
        confidence: (B,) mean confidence.
        accuracy: (B,) mean of what was right.
        count: (B,) items.
    """

    confidence: Array
    accuracy: Array
    count: Array

    @property
    def error(self) -> float:
        """Expected calibration error: mean over items of how far accuracy and confidence of their bin lie apart."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float((gaps * self.count).sum() / max(self.count.sum(), 1))


def reliability(confidence: Array, right: Array, bins: int = 15, *, adaptive: bool = False) -> Reliability:
    """The reliability curve of events told with a probability.

    Args:
        confidence: (n,) probabilities.
        right: (n,) whether it happened, 0 or 1, or a share between them.
        bins: how many.
        adaptive: bins of as many items each (Nixon and others, Measuring Calibration in Deep Learning, 2019) in place of
            bins of one width; items of one confidence stay together.

    Raises:
        ArgumentError: other shapes (code ``ShapeMismatch``) or no bins (``BadValue``).
    """
    q, r = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if q.ndim != 1 or q.shape != r.shape:
        raise ArgumentError(
            f"confidence and right must be (n,) each; got {q.shape} and {r.shape}", code="ShapeMismatch"
        )
    if bins < 1:
        raise ArgumentError(f"bins must be at least 1, got {bins}", code="BadValue")
    steps = np.arange(1, bins) / bins
    edges = np.quantile(q, steps) if adaptive and len(q) else steps
    place = np.searchsorted(edges, q, side="left")  # a bin holds its upper edge, as in Guo 2017
    count = np.bincount(place, minlength=bins)
    held = count > 0
    told = np.bincount(place, weights=q, minlength=bins)[held] / count[held]
    seen = np.bincount(place, weights=r, minlength=bins)[held] / count[held]
    return Reliability(told, seen, count[held])


def top_class(probs: Array, targets: Array) -> tuple[Array, Array]:
    """(n,) probability of the most probable class, and (n,) whether it is right.

    Args:
        probs: (n, C).
        targets: (n,) class numbers, or (n, C) shares, of which the share of the most probable class is taken.
    """
    p, y = np.asarray(probs), np.asarray(targets)
    guess = p.argmax(axis=1)
    rows = np.arange(len(p))
    right = (y == guess).astype(np.float64) if y.ndim == 1 else y[rows, guess].astype(np.float64)
    return p[rows, guess].astype(np.float64), right
