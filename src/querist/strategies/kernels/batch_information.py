"""Joint mutual information of the labels of a batch and the model, greedily.

The labels of the chosen items take configurations; each has a weight and a posterior over the S members. What a further
item would add is the information of its label and the member, its mean over configurations:

    gain(x) = sum over r of w_r [ H(y | r) - sum over s of pi_rs H(y | s) ],   p(y | r) = sum over s of pi_rs p_s(y|x).

Nothing is divided by a tiny joint probability, so float32 is safe for any batch. There are C^b configurations. As long as
they fit the limit all are kept and the gain is exact; then they are thinned without bias: heavy ones stay with their own
weights, light ones are drawn in a systematic way and share one weight (optimal resampling of Fearnhead and Clifford,
On-Line Inference for Hidden Markov Models via Particle Filters, 2003). Both terms use the same weights, so an estimate is
never below 0 and exact for members that agree.

Gains only fall as the batch grows (but for the thinning), so candidates are looked at in order of their last known gain,
and only while that is above the best one found: a small part of the pool in each step. Most of those are ruled out by a
bound that costs a tenth of a gain: entropy is concave, so configurations that are merged into one, with their mean
posterior, give at least the gain that they give apart (Jensen). Those that point to the same member lose little by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell

__all__ = ["Configurations", "lazy_picks"]

_ROWS = 256
"""Configurations in a product: with 64 items of 10 classes half a MiB in float32."""
_COLUMNS = 1024
_FIRST, _MOST = 32, 1024
"""Candidates looked at together: few at first, more when those were not enough."""
_WORTH = 4
"""How many times fewer merged configurations must be."""


class Configurations:
    """The labels that the chosen items may take.

    Args:
        samples: S.
        dtype: of the products, float32 or float64.
        limit: how many configurations are kept.
        generator: of the thinning.
    """

    def __init__(self, samples: int, dtype: np.dtype[Any], limit: int, generator: np.random.Generator) -> None:
        self.dtype, self.limit, self.generator = dtype, limit, generator
        self.weights = np.ones(1)
        self.posterior = np.full((1, samples), 1.0 / samples)
        self.exact = True

    def gains(self, members: NDArray[Any]) -> NDArray[np.float64]:
        """What the label of each item adds to the information: (B, S, C) -> (B,) at least 0, in nats."""
        items, samples, classes = members.shape
        block = np.ascontiguousarray(members, dtype=self.dtype)
        out = np.empty(items)
        step = max(1, _COLUMNS // classes)
        tiny = np.finfo(self.dtype).tiny
        posterior = self.posterior.astype(self.dtype)
        weights = self.weights.astype(self.dtype)
        shares = self.weights @ self.posterior  # of the members; all 1 / S while it is exact
        product = np.empty((min(_ROWS, len(self.weights)), step * classes), dtype=self.dtype)
        logs = np.empty_like(product)
        for start in range(0, items, step):
            piece = block[start : start + step]
            width = len(piece) * classes
            turned = np.ascontiguousarray(piece.transpose(1, 0, 2)).reshape(samples, width)
            after = np.zeros(width)
            for first in range(0, len(self.weights), _ROWS):
                part = posterior[first : first + _ROWS]
                q, log = product[: len(part), :width], logs[: len(part), :width]
                np.matmul(part, turned, out=q)
                np.add(q, tiny, out=q)  # no zero for the logarithm, and several times faster than a maximum
                np.log(q, out=log)
                np.multiply(log, q, out=log)
                after -= weights[first : first + _ROWS] @ log
            held = np.maximum(turned, tiny)
            own = shares @ (held * np.log(held)).astype(np.float64)
            out[start : start + step] = (after + own).reshape(len(piece), classes).sum(axis=1)
        return np.maximum(out, 0.0)

    def merged(self) -> Configurations | None:
        """Those with the same most probable member as one: their gains are bounds. None where it would save too little.

        A bound falls below the gain by no more than rounding.
        """
        member = self.posterior.argmax(axis=1)
        kept, group = np.unique(member, return_inverse=True)
        if len(kept) * _WORTH > len(self.weights):
            return None
        out = Configurations(self.posterior.shape[1], self.dtype, self.limit, self.generator)
        mass = np.zeros((len(kept), self.posterior.shape[1]))
        np.add.at(mass, group, self.weights[:, None] * self.posterior)
        out.weights = np.bincount(group, self.weights).astype(np.float64)
        out.posterior = mass / out.weights[:, None]
        return out

    def left(self) -> float:
        """What any further labels can tell at most, in nats: the entropy of the member given a configuration, its mean."""
        held = np.maximum(self.posterior, np.finfo(np.float64).tiny)
        return float(-(self.weights @ (held * np.log(held)).sum(axis=1)))

    def add(self, item: NDArray[Any]) -> None:
        """Take an item into the batch: (S, C)."""
        p = np.asarray(item, dtype=np.float64)
        odds = self.posterior @ p  # p(y | r)
        weights = (self.weights[:, None] * odds).reshape(-1)
        kept = np.flatnonzero(weights > 0)
        weights = weights[kept] / weights[kept].sum()
        if len(kept) > self.limit:
            self.exact = False
            which, weights = thin(weights, self.limit, self.generator)
            kept = kept[which]
        row, label = np.divmod(kept, p.shape[1])
        posterior = self.posterior[row] * p[:, label].T
        posterior /= posterior.sum(axis=1, keepdims=True)
        self.weights, self.posterior = weights, posterior


def thin(
    weights: NDArray[np.float64], limit: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """``limit`` of more weights, so that each keeps its weight in expectation: places and new weights.

    There is one c with sum of min(1, w / c) = limit. Weights of at least c stay; the others stay with probability w / c
    and then weigh c.
    """
    order = np.argsort(-weights, kind="stable")
    heavy = weights[order]
    tail = np.cumsum(heavy[::-1])[::-1][:limit]
    level = tail / (limit - np.arange(limit))
    stays = int(np.argmax(heavy[:limit] <= level)) if (heavy[:limit] <= level).any() else limit - 1
    c = float(level[stays])
    light = np.sort(order[stays:])
    edges = np.cumsum(weights[light])
    marks = (generator.random() + np.arange(limit - stays)) * (edges[-1] / (limit - stays))
    drawn = light[np.minimum(np.searchsorted(edges, marks, side="right"), len(light) - 1)]
    places = np.concatenate([order[:stays], drawn])
    return places.astype(np.int64), np.concatenate([heavy[:stays], np.full(len(drawn), c)])


def lazy_picks(
    bounds: NDArray[np.float64],
    n: int,
    gains: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    add: Callable[[int], None],
    keys: NDArray[np.uint64],
    *,
    known: bool,
    rounding: float,
    dry: Callable[[], float],
    screen: Callable[[], Callable[[NDArray[np.int64]], NDArray[np.float64]] | None] = lambda: None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pick n rows greedily where gains only fall.

    Args:
        bounds: (N,) gains before any pick, which no later gain exceeds.
        n: how many, at most N.
        gains: the gains now of some rows.
        add: called with each pick, in order.
        keys: (N,) tie keys.
        known: whether ``bounds`` are the gains of the first pick themselves.
        rounding: gains that are closer than this are equal, and settled by key.
        dry: at this gain or below nothing is left to win: the rest comes in order of ``bounds``, ties by key.
        screen: called in each step for what gives cheap bounds of the gains now of some rows, or None.

    Returns:
        (n,) rows in order, and (n,) gains at the time of the pick; 0 for the rest.
    """
    start = bounds.copy()
    bounds = bounds.copy()
    rows: list[int] = []
    heights: list[float] = []
    while len(rows) < n:
        tell("joint information", len(rows), n)
        level = dry()
        if known and not rows:
            tied = np.flatnonzero(bounds == bounds.max())
        elif bounds.max() > level:
            tied = _look(bounds, gains, rounding, screen())
        else:
            tied = np.flatnonzero(bounds == bounds.max())
        chosen = int(tied[keys[tied].argmin()])
        if bounds[chosen] <= level:
            rest = np.flatnonzero(bounds > -np.inf)
            rest = rest[np.lexsort((keys[rest], -start[rest]))][: n - len(rows)]
            heights += [0.0] * len(rest)
            rows += rest.tolist()
            break
        rows.append(chosen)
        heights.append(float(bounds[chosen]))
        bounds[chosen] = -np.inf
        if len(rows) < n:
            add(chosen)
    return np.array(rows, dtype=np.int64), np.array(heights)


def _look(
    bounds: NDArray[np.float64],
    gains: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    rounding: float,
    screen: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None,
) -> NDArray[np.int64]:
    """Rows of the largest gain now; ``bounds`` of the rows that were looked at become their gains, or nearer bounds."""
    fresh = np.zeros(len(bounds), dtype=bool)
    rough = np.full(len(bounds), screen is not None)
    best = -np.inf
    count = _FIRST
    while True:
        left = np.where(fresh, -np.inf, bounds)
        reach = best - rounding
        open_ = np.flatnonzero(left > -np.inf) if best == -np.inf else np.flatnonzero(left >= reach)
        if not len(open_):
            break
        if screen is not None and best > -np.inf and rough[open_].any():
            open_ = _largest(left, open_[rough[open_]], _MOST)
            bounds[open_] = np.minimum(bounds[open_], screen(open_) + rounding)
            rough[open_] = False
            continue
        open_ = _largest(left, open_, count)
        bounds[open_] = gains(open_)
        fresh[open_] = True
        best = max(best, float(bounds[open_].max()))
        count = min(2 * count, _MOST)
    return np.flatnonzero(fresh & (bounds >= best - rounding))


def _largest(values: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most ``count`` of the rows, those of the largest values, in order of place."""
    if len(rows) > count:
        rows = rows[np.argpartition(-values[rows], count - 1)[:count]]
    return np.sort(rows)
