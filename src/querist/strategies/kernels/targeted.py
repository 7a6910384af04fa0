"""Greedy for rows that stand for a target set: each target should have a near pick, each pick a near target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.clipped import lift
from querist.strategies.kernels.coverage import tolerance
from querist.strategies.kernels.order import top
from querist.strategies.kernels.similarity import Similarity

__all__ = ["target_greedily"]

_AT_ONCE = 64
_MOST_AT_ONCE = 2048


def target_greedily(
    sim: Similarity, target: NDArray[Any], n: int, eta: float, known: NDArray[Any], keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Pick n rows, each adding the most to sum over targets q of max_s k(s, q) + eta * sum over picks s of max_q k(s, q).

    Monotone but for negative cosines, and submodular; lazy greedy. One pass of N x Q; later few rows are rated anew.

    Source: Kothawade, Beck, Killamsetty and Iyer, SIMILAR: Submodular Information Measures Based Active Learning in
    Realistic Scenarios, 2021, table 1 (FLQMI).

    Args:
        sim: the rows and their kernel.
        target: (Q, D) rows to stand for, at least one.
        n: how many, at most N.
        eta: weight of the nearness of picks to the target, at least 0.
        known: (M, D) rows that count as picked before.
        keys: (N,) tie keys.

    Returns:
        (n,) rows in order, (n,) gains, and (n,) the target nearest to each.
    """
    right = sim.foreign(target)
    best_known = np.full(len(target), sim.base, dtype=sim.dtype)
    if len(known):
        left = sim.placed(known)
        for start in range(0, len(known), 1024):
            np.maximum(best_known, sim.values(left[start : start + 1024], right).max(axis=0), out=best_known)
    relevance, bound = np.empty(sim.size), np.empty(sim.size)
    nearest = np.empty(sim.size, dtype=np.int64)
    for piece in sim.tall(len(target)):
        tile = sim.tile(piece, right)
        nearest[piece] = tile.argmax(axis=1)
        relevance[piece] = tile.max(axis=1)
        bound[piece] = lift(tile, best_known[None, :], tile).sum(axis=1, dtype=np.float64)
    bound += eta * relevance
    fresh, open_ = np.ones(sim.size, dtype=bool), np.ones(sim.size, dtype=bool)
    mass = len(target) + eta
    rows: list[int] = []
    gains: list[float] = []
    while len(rows) < n:
        width = _AT_ONCE
        while True:
            now = fresh & open_
            best = float(bound[now].max()) if now.any() else -np.inf
            slack = tolerance(abs(best), mass, sim) if now.any() else 0.0
            stale = np.flatnonzero(open_ & ~fresh & (bound >= best - slack))
            if not len(stale):
                break
            if len(stale) > width:
                stale = stale[top(bound[stale], width, keys[stale])]
            rise = lift(sim.tile(stale, right), best_known[None, :])
            bound[stale] = rise.sum(axis=1, dtype=np.float64) + eta * relevance[stale]
            fresh[stale] = True
            width = min(2 * width, _MOST_AT_ONCE)
        equal = np.flatnonzero(now & (bound >= best - slack))
        row = int(equal[keys[equal].argmin()])
        rows.append(row)
        gains.append(float(bound[row]))
        open_[row] = False
        np.maximum(best_known, sim.tile(np.array([row]), right)[0], out=best_known)
        fresh[:] = False
    picked = np.array(rows, dtype=np.int64)
    return picked, np.array(gains), nearest[picked]
