"""Herding: picks whose mean is near the mean of the pool, with a kernel or with unit rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.coverage import first_gains
from querist.strategies.kernels.lengths import unit_rows
from querist.strategies.kernels.similarity import Similarity

__all__ = ["diverse_and_dense", "herd"]

Picked = tuple[NDArray[np.int64], NDArray[np.float64]]


def herd(
    sim: Similarity, n: int, known: NDArray[Any], weights: NDArray[np.float64], keys: NDArray[np.uint64]
) -> Picked:
    """Each pick is the row of largest mean k(x, row) over the pool less (sum over picks of k(s, row)) / (t + 1).

    t counts the picks before it, ``known`` rows (M, D) among them. It lowers the distance of the means in the space of the
    kernel, by Frank-Wolfe with steps 1 / (t + 1). One pass over all pairs, then one product of N x 1 a pick. Rows within
    rounding (1e-5 in float32, 1e-12 in float64) are equal; the lowest key decides.

    Source: Chen, Welling and Smola, Super-Samples from Kernel Herding, 2010, equation 8.

    Returns:
        (n,) rows in order, and (n,) values at the time of the pick.
    """
    mean = first_gains(sim, np.full(sim.size, sim.base, dtype=sim.dtype), weights) / float(weights.sum())
    total = np.zeros(sim.size)
    for start in range(0, len(known), 1024):
        right = sim.foreign(known[start : start + 1024])
        for piece in sim.tall(len(right[0])):
            total[piece] += sim.tile(piece, right).sum(axis=1, dtype=np.float64)
    rows: list[int] = []
    values: list[float] = []
    open_ = np.ones(sim.size, dtype=bool)
    while len(rows) < n:
        tell("herding", len(rows), n)
        value = mean - total / (len(known) + len(rows) + 1)
        row = _best(value, open_, keys, 1e-5 if sim.dtype == np.float32 else 1e-12)
        rows.append(row)
        values.append(float(value[row]))
        open_[row] = False
        right = sim.columns(np.array([row]))
        for piece in sim.tall(1):
            total[piece] += sim.tile(piece, right)[:, 0]
    return np.array(rows, dtype=np.int64), np.array(values)


def diverse_and_dense(x: NDArray[Any], n: int, known: NDArray[Any], weight: float, keys: NDArray[np.uint64]) -> Picked:
    """Each pick is the row of largest weight * mean cosine to the rest less (1 - weight) * mean cosine to what is chosen.

    The rest is what is not chosen yet, the row itself included; chosen are ``known`` rows (M, D) and the picks before. A
    mean of cosines is a product with the mean of unit rows, so that a pick costs one product of N x 1.

    Source: Tsvigun et al., Active Learning for Abstractive Text Summarization, 2022, equation 1.

    Returns:
        (n,) rows in order, and (n,) values at the time of the pick.
    """
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    units = np.empty(x.shape, dtype=dtype)
    for start in range(0, len(x), 4096):
        units[start : start + 4096] = unit_rows(x[start : start + 4096])
    rest = np.asarray(units @ units.sum(axis=0, dtype=np.float64).astype(dtype), dtype=np.float64)
    chosen = np.asarray(units @ unit_rows(known).sum(axis=0).astype(dtype), dtype=np.float64)
    rows: list[int] = []
    values: list[float] = []
    open_ = np.ones(len(x), dtype=bool)
    while len(rows) < n:
        tell("herding", len(rows), n)
        left, taken = len(x) - len(rows), max(len(known) + len(rows), 1)
        value = weight * rest / left - (1.0 - weight) * chosen / taken
        row = _best(value, open_, keys, 1e-5 if dtype == np.float32 else 1e-11)
        rows.append(row)
        values.append(float(value[row]))
        open_[row] = False
        near = (units @ units[row]).astype(np.float64)
        rest -= near
        chosen += near
    return np.array(rows, dtype=np.int64), np.array(values)


def _best(value: NDArray[np.float64], open_: NDArray[np.bool_], keys: NDArray[np.uint64], slack: float) -> int:
    best = float(value[open_].max())
    equal = np.flatnonzero(open_ & (value >= best - slack))
    return int(equal[keys[equal].argmin()])
