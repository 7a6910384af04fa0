"""Greedy coverage, exactly, with one or two passes over all pairs, and little memory.

The coverage of a set S is sum over rows i of w_i max(base, max over s in S of k(i, s)): monotone and submodular, so
greedy is within 1 - 1/e of the best, and a row's gain only falls as S grows. Three things make it fast:

- **A pass** serves every pair once: tiles of the upper triangle serve their rows and their columns. No tile is kept.
- **Lazy greedy** (Minoux 1978) while S covers little: gains of earlier picks are upper bounds, and only rows whose bound
  reaches the best gain known are rated anew, many in one product; all in one pass when that is cheaper.
- **Live pairs** once S covers more: candidate c can raise row i only where k(i, c) > coverage of i. Coverage only rises, so
  such pairs only vanish; after m picks about N^2 / m are left. As soon as they fit into the budget one pass collects
  them, and from then on every gain is kept up exactly by what the covered rows lose, without another product.

Gains within rounding of the best (relative 1e-5 in float32, 1e-11 in float64) are equal, and the lowest tie key decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.clipped import lift
from querist.strategies.kernels.live_pairs import LivePairs
from querist.strategies.kernels.order import top
from querist.strategies.kernels.similarity import Similarity

__all__ = ["PAIRS", "Covered", "cover_greedily", "first_gains", "gains_over", "tolerance"]

PAIRS = 48_000_000
"""Live pairs kept at most: 10 bytes each while they are collected, 8 after (float32). Balls keep 5/3 as many, of 6."""
_AT_ONCE = 16
_MOST_AT_ONCE = 1024
_ALL = 3
"""Rating every row in one pass costs as much as rating a third of them in blocks, which pays once so many"""
_TRIED = 16
"""th of them have been rated in blocks and as many still may be the best."""
_SAMPLE = 256
_SAMPLE_ROWS = 4096
_SPARSE = 0.1
"""Share of live pairs above which products are cheaper."""
_GUESSED_BY = 1024
_AHEAD = 8192
"""Rows from which a guess of the first pick is worth its cost."""
_FEW = 4
"""Picks left for which collecting the live pairs does not pay."""


@dataclass(frozen=True)
class Covered:
    """Picks in order.

    Args:
        rows: (n,) int64.
        gains: (n,) what each pick added to the weighted coverage.
        helped: (n,) how many rows each pick covers better than all before it.
    """

    rows: NDArray[np.int64]
    gains: NDArray[np.float64]
    helped: NDArray[np.int64]


def tolerance(best: float, mass: float, sim: Similarity) -> float:
    """How far below the best a gain may be and still be equal to it; sums of zeros and ones are nearly exact."""
    width = 1e-5 if sim.dtype == np.float32 else 1e-11
    return (best + 0.01 * mass) * width * (0.1 if sim.kind == "top_hat" else 1.0)


def first_gains(sim: Similarity, cover: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) gain of every row over the coverage (N,): one pass, each pair once."""
    return gains_over(sim, [cover], weights)[0]


def gains_over(
    sim: Similarity, covers: list[NDArray[Any]], weights: NDArray[np.float64], pairs: LivePairs | None = None
) -> list[NDArray[np.float64]]:
    """(N,) gain of every row over each of some coverages, and the live pairs of the last: one pass, each pair once."""
    bare = [bool((cover == sim.base).all()) for cover in covers]
    if all(bare) and pairs is None and sim.kind == "cosine":  # a sum of products is a product with the sum
        total = weights @ sim.left
        return [np.asarray(sim.left @ total - sim.base * weights.sum(), dtype=np.float64) for _ in covers]
    if sim.kind == "top_hat":
        return _ball_gains(sim, [np.where(cover > 0, 0.0, weights).astype(sim.dtype) for cover in covers], pairs)
    w = weights.astype(sim.dtype)
    gains = [np.zeros(sim.size) for _ in covers]
    level = np.where(weights > 0, covers[-1], np.inf).astype(sim.dtype)  # rows without weight are no use
    buffer: NDArray[Any] | None = None
    for rows, columns, right in sim.squares():
        tile = sim.tile(rows, right)
        if pairs is not None:
            _collect(pairs, tile, level, rows, columns)
        if buffer is None or buffer.shape != tile.shape:
            buffer = np.empty_like(tile)
        for gain, cover, nothing in zip(gains, covers, bare, strict=True):
            plain = nothing and sim.base == 0.0
            if rows != columns:
                gain[rows] += (tile if plain else lift(tile, cover[None, columns], buffer)) @ w[columns]
            gain[columns] += w[rows] @ (tile if plain else lift(tile, cover[rows, None], buffer))
    return gains


def _ball_gains(sim: Similarity, weights: list[NDArray[Any]], pairs: LivePairs | None) -> list[NDArray[np.float64]]:
    """The same for balls: the weights (N,) in each, covered rows having 0, and the pairs without values."""
    gains = [np.zeros(sim.size) for _ in weights]
    live = weights[-1] > 0
    every = bool(live.all())
    for rows, columns, right in sim.squares():
        inside = sim.inside(rows, right)
        if pairs is not None:
            row, column = np.divmod(np.flatnonzero(inside), inside.shape[1])
            some = slice(None) if every else live[rows][row]
            pairs.add(rows.start, row[some], column[some] + columns.start, None)
            if rows != columns:
                some = slice(None) if every else live[columns][column]
                pairs.add(columns.start, column[some], row[some] + rows.start, None)
        tile = inside.astype(sim.dtype)
        for gain, w in zip(gains, weights, strict=True):
            gain[columns] += w[rows] @ tile
            if rows != columns:
                gain[rows] += tile @ w[columns]
    return gains


def _collect(pairs: LivePairs, tile: NDArray[Any], level: NDArray[Any], rows: slice, columns: slice) -> None:
    width = tile.shape[1]
    found = np.flatnonzero(tile > level[rows, None])
    row, column = np.divmod(found, width)
    pairs.add(rows.start, row, column + columns.start, tile.reshape(-1)[found])
    if rows != columns:
        found = np.flatnonzero(tile > level[None, columns])
        row, column = np.divmod(found, width)
        pairs.add(columns.start, column, row + rows.start, tile.reshape(-1)[found])


def cover_greedily(
    sim: Similarity,
    n: int,
    cover: NDArray[Any],
    weights: NDArray[np.float64],
    keys: NDArray[np.uint64],
    most_pairs: int = PAIRS,
) -> Covered:
    """Pick n rows, each adding the most to the weighted coverage.

    Source: Nemhauser, Wolsey and Fisher, An Analysis of Approximations for Maximizing Submodular Set Functions, 1978;
    lazily: Minoux, Accelerated Greedy Algorithms, 1978.

    Args:
        sim: the rows and their kernel.
        n: how many, at most N.
        cover: (N,) coverage by what is known already, the base of the kernel without any. It is raised in place.
        weights: (N,) at least 0.
        keys: (N,) tie keys.
        most_pairs: live pairs that may be held.

    When nothing is left to gain the rows of lowest key follow.
    """
    return _Greedy(sim, cover, weights, keys, most_pairs).run(n)


class _Greedy:
    def __init__(
        self,
        sim: Similarity,
        cover: NDArray[Any],
        weights: NDArray[np.float64],
        keys: NDArray[np.uint64],
        most_pairs: int = PAIRS,
    ) -> None:
        self.sim, self.cover, self.weights, self.keys = sim, cover, weights, keys
        self.most = most_pairs * 5 // 3 if sim.kind == "top_hat" else most_pairs
        self.short = weights.astype(sim.dtype)
        self.mass = float(weights.sum())
        self.open = np.ones(sim.size, dtype=bool)
        self.bound = np.full(sim.size, np.inf)
        self.fresh = np.zeros(sim.size, dtype=bool)
        self.pairs: LivePairs | None = None
        order = np.argsort(keys, kind="stable")  # a sample that does not depend on the order of the rows
        self.sample = order[:_SAMPLE_ROWS]
        self.sampled = sim.tile(order[:_SAMPLE], sim.columns(self.sample))
        self.trust = True
        self.ahead: tuple[int, NDArray[np.float64], LivePairs | None] | None = None

    def run(self, n: int) -> Covered:
        rows: list[int] = []
        gains: list[float] = []
        helped: list[int] = []
        bare = self.sim.base == 0.0 and not self.cover.any()
        if n > _FEW and bare and self.sim.size >= _AHEAD and not self._sparse():
            self._look_ahead()
        elif n <= _FEW or not self._sparse():
            self._rate_all()
        while len(rows) < n:
            tell("largest gain in coverage", len(rows), n)
            if self.pairs is None and n - len(rows) > _FEW and self._sparse():
                self._rate_all(collect=True)
            best = self._best()
            if best is None:
                break
            rows.append(best)
            gains.append(max(float(self.bound[best]), 0.0))
            helped.append(self._take(best))
        rest = np.flatnonzero(self.open)
        rest = rest[np.argsort(self.keys[rest], kind="stable")[: n - len(rows)]]
        none = [0] * len(rest)
        return Covered(
            np.array(rows + rest.tolist(), dtype=np.int64),
            np.array(gains + none, dtype=np.float64),
            np.array(helped + none, dtype=np.int64),
        )

    def _look_ahead(self) -> None:
        """Where nothing is covered: gains over nothing and over a guess of the first pick, in one pass.

        The guess is the best of those that look best to a sample. It is right most of the time, and then spares a pass;
        else what was found for it is thrown away.
        """
        part = self.sample[:_GUESSED_BY]
        right = self.sim.columns(part)
        likely = np.concatenate([self.sim.tile(p, right) @ self.short[part] for p in self.sim.tall(len(part))])
        some = top(likely, _SAMPLE, self.keys)
        self._rate(some)
        best = float(self.bound[some].max())
        equal = some[self.bound[some] >= best - tolerance(best, self.mass, self.sim)]
        guess = int(equal[self.keys[equal].argmin()])
        later = self._column(guess)
        pairs = LivePairs(self.sim.size, self.most) if self._sparse(later) else None
        gains, after = gains_over(self.sim, [self.cover, later], self.weights, pairs)
        self.bound, self.fresh = gains, self.open.copy()
        self.ahead = guess, after, pairs

    def _column(self, row: int) -> NDArray[Any]:
        """(N,) similarity of all rows to one."""
        right = self.sim.columns(np.array([row]))
        return np.concatenate([self.sim.tile(piece, right)[:, 0] for piece in self.sim.tall(1)])

    def _sparse(self, cover: NDArray[Any] | None = None) -> bool:
        """Whether a sample says that the live pairs are few."""
        cover = self.cover if cover is None else cover
        share = float(np.mean(self.sampled > cover[None, self.sample]))
        return self.trust and share <= _SPARSE and 1.1 * share * self.sim.size**2 <= self.most

    def _best(self) -> int | None:
        """The row of largest gain, or None where nothing is left to gain."""
        width, rated = _AT_ONCE, 0
        least = tolerance(0.0, self.mass, self.sim)
        while True:
            known = float(self.bound[self.fresh].max(initial=0.0))
            slack = tolerance(known, self.mass, self.sim)
            stale = np.flatnonzero(self.open & ~self.fresh & (self.bound >= max(known - slack, least)))
            if not len(stale):
                break
            if rated * _TRIED > self.sim.size and len(stale) * _ALL > self.sim.size:
                self._rate_all()
                continue
            if len(stale) > width:
                stale = stale[top(self.bound[stale], width, self.keys[stale])]
            self._rate(stale)
            rated += len(stale)
            width = min(2 * width, _MOST_AT_ONCE)
        if known <= least:
            return None
        equal = np.flatnonzero(self.fresh & (self.bound >= known - slack))
        return int(equal[self.keys[equal].argmin()])

    def _rate(self, rows: NDArray[np.int64]) -> None:
        """Gains of some rows as they are now."""
        total = np.zeros(len(rows))
        for piece in self.sim.tall(len(rows)):
            tile = self.sim.tile(rows, self.sim.columns(piece))
            total += lift(tile, self.cover[None, piece], tile) @ self.short[piece]
        self.bound[rows] = np.minimum(total, self.bound[rows])
        self.fresh[rows] = self.open[rows]

    def _rate_all(self, collect: bool = False) -> None:
        """Gains of all rows as they are now, and the live pairs if they are to be collected."""
        pairs = LivePairs(self.sim.size, self.most) if collect else None
        gains = gains_over(self.sim, [self.cover], self.weights, pairs)[0]
        self.bound = np.where(self.open, np.minimum(gains, self.bound), -np.inf)
        self.fresh = self.open.copy()
        self._keep(pairs)

    def _keep(self, pairs: LivePairs | None) -> None:
        """Go on with live pairs, if there are any and not too many."""
        if pairs is not None and pairs.full:
            self.trust = False  # the sample was wrong: go on without them
        elif pairs is not None:
            pairs.close()
            self.pairs = pairs

    def _take(self, row: int) -> int:
        """Raise the coverage by a pick; how many rows it helped."""
        values = self._column(row)
        rows = np.flatnonzero(values > self.cover)
        before = self.cover[rows]
        self.cover[rows] = values[rows]
        self.open[row] = False
        self.bound[row] = -np.inf
        ahead, self.ahead = self.ahead, None
        if ahead is not None and ahead[0] == row:
            self.bound = np.where(self.open, np.minimum(ahead[1], self.bound), -np.inf)
            self.fresh = self.open.copy()
            self._keep(ahead[2])
        elif self.pairs is None:
            self.fresh[:] = False
        else:
            self.bound -= self.pairs.losses(rows, before, values[rows], self.weights[rows])
            self.fresh[row] = False
        return len(rows)
