"""The order of a queue whose strategy only rates items one by one: in order of its ratings, but what is alike apart.

A score puts copies of one item side by side, for it sees no other item. A batch rule (``auto``, ``badge``, ``score >>
selector``) sees them and keeps its own order; so does a score that is drawn, or that looks for one class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist.core.ports import Strategy
from querist.core.types import Array
from querist.strategies.algebra import Filtered, Implied, Recipe
from querist.strategies.scores.most_likely import MostLikely
from querist.strategies.scores.random import Random

__all__ = ["Spread", "shortlist_times", "spread", "words_of"]

_TIMES = 4
"""How many queues long the shortlist is."""
_HALF = 50
"""Places down the list that weigh as much as being half as far."""
_UNLIKE = 0.5
"""Share of the usual distance from which on an item is called unlike another."""
_LOOKED_AT = 2_000_000
"""Distances that are looked at for the usual one."""


@dataclass(frozen=True)
class Spread:
    """Places of a shortlist in the order to be asked.

    Args:
        places: (n,) into the shortlist.
        apart: (n,) distance to the nearest item before it, as a share of the usual one, 1 at most; NaN where there is none.
    """

    places: NDArray[np.int64]
    apart: NDArray[np.float64]


def shortlist_times(strategy: Strategy) -> int:
    """How many queues of its best are to be spread: 0 for a strategy that orders its batch itself.

    A filter may keep no more than one queue on purpose, so that behind one only the queue itself is spread.

    >>> from querist.strategies.algebra import as_strategy
    >>> texts = ("margin", "class_quota(times=1) | margin", "auto", "margin >> top_k", "random")
    >>> [shortlist_times(as_strategy(text)) for text in texts]
    [4, 1, 0, 0, 0]
    """
    if isinstance(strategy, Filtered):
        return min(shortlist_times(strategy.then), 1)
    if isinstance(strategy, Recipe):
        return shortlist_times(strategy.expression())
    return _TIMES if isinstance(strategy, Implied) and not isinstance(strategy.score, (MostLikely, Random)) else 0


def spread(features: Array, before: Array, n: int) -> Spread:
    """Pick greedily by place in the list and by distance to what was picked or stands before it.

    An item is worth its distance to the nearest one before it, at most the usual distance of two items, halved with every
    50 places down the list. So the best comes first, what is unlike keeps its order, and a copy waits. It is the trade of
    maximal marginal relevance, with ranks for ratings, as those of one strategy mean nothing beside another's.

    Source: Carbonell and Goldstein, The Use of MMR, Diversity-Based Reranking, 1998.

    Args:
        features: (m, D) of the shortlist, best first.
        before: (p, D) of items that are handed out already.
        n: how many to pick, at most m.
    """
    points = features.astype(np.float32)
    centre = points.mean(axis=0)
    points -= centre
    between = _distances(points, points)
    usual = _usual(between)
    nearest = np.full(len(points), np.inf, dtype=np.float32)
    if len(before):
        nearest = _distances(points, before.astype(np.float32) - centre).min(axis=1)
    weights = 0.5 ** (np.arange(len(points)) / _HALF)
    free = np.ones(len(points), dtype=bool)
    places, apart = np.zeros(n, dtype=np.int64), np.full(n, np.nan)
    for k in range(n):
        novelty = np.minimum(nearest / usual, 1.0)
        best = int(np.where(free, weights * novelty, -1.0).argmax())  # of equals the first
        places[k] = best
        if np.isfinite(nearest[best]):
            apart[k] = novelty[best]
        free[best] = False
        np.minimum(nearest, between[best], out=nearest)
    return Spread(places, apart)


def words_of(found: Spread, of: int) -> list[str]:
    """Half a sentence about each pick: its place in the strategy's list, and whether it is unlike those before it."""
    out = []
    for place, apart in zip(found.places.tolist(), found.apart.tolist(), strict=True):
        how = "" if np.isnan(apart) else ", unlike those before it" if apart >= _UNLIKE else ", like one before it"
        out.append(f"number {place + 1} of the {of:,} that the strategy rates highest{how}")
    return out


def _distances(a: Array, b: Array) -> NDArray[np.float32]:
    """(m, p) Euclidean distances."""
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _usual(between: NDArray[np.float32]) -> float:
    """The median distance of two different items; that of those that are not equal, where most are; else 1."""
    some = between[np.triu_indices(len(between), 1)]
    some = some[:: max(len(some) // _LOOKED_AT, 1)]
    unequal = some[some > 1e-3 * float(some.max(initial=0.0))]
    if not len(unequal):
        return 1.0
    middle = float(np.median(some))
    return middle if middle >= float(unequal.min()) else float(np.median(unequal))
