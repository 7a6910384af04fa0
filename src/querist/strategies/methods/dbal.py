"""Diverse mini-batches: weighted k-means of a shortlist by margin, and the same without weights."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.strategies.algebra import Recipe, Strategy
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.scores.margin import Margin
from querist.strategies.selectors.k_means import KMeans

__all__ = ["Dbal", "RepresentativeMargin"]


def _check_times(times: Any) -> None:
    if isinstance(times, bool) or not isinstance(times, numbers.Real):
        raise ArgumentTypeError(
            f"times must be a number ≥ 1, got {type(times).__name__} {shorten(times)}", code="BadParameter"
        )
    if not 1 <= float(times) < math.inf:
        raise ArgumentError(f"times must be a number ≥ 1, got {times}", code="BadParameter")


@dataclass(frozen=True, repr=False)
class Dbal(Recipe):
    """``shortlist(margin, times) | margin >> k_means``: k-means of the least certain items, weighted by uncertainty.

    Source: Zhdanov, Diverse Mini-Batch Active Learning, 2019; ``times`` is its beta.

    Args:
        times: how many batches the shortlist holds, at least 1.
    """

    times: float = 10.0
    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Zhdanov 2019"

    def __post_init__(self) -> None:
        """Refuse a bad length when it is written, not when it is used."""
        _check_times(self.times)

    def expression(self) -> Strategy:
        """The method in the algebra."""
        chosen: Strategy = Shortlist(Margin(), times=self.times) | (Margin() >> KMeans())
        return chosen


@dataclass(frozen=True, repr=False)
class RepresentativeMargin(Recipe):
    """``shortlist(margin, times) | k_means``: k-means of the items nearest to the boundary, one a cluster.

    In the paper the items are those inside the margin of a support vector machine; here the ``times`` * n items of
    smallest p1 - p2.

    Source: Xu, Yu, Tresp, Xu and Wang, Representative Sampling for Text Classification Using Support Vector Machines,
    2003.

    Args:
        times: how many batches of items count as near, at least 1.
    """

    times: float = 10.0
    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Xu, Yu, Tresp, Xu and Wang 2003"

    def __post_init__(self) -> None:
        """Refuse a bad length when it is written, not when it is used."""
        _check_times(self.times)

    def expression(self) -> Strategy:
        """The method in the algebra."""
        chosen: Strategy = Shortlist(Margin(), times=self.times) | KMeans()
        return chosen
