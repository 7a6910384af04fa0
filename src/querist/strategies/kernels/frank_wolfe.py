"""Frank-Wolfe on the sum of all rows: few weighted rows whose sum is near the sum of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.lengths import row_norms, unit_rows

__all__ = ["frank_wolfe"]


def frank_wolfe(
    x: NDArray[Any], n: int, keys: NDArray[np.uint64], again: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Approximate the sum T of all rows by a weighted sum r of n rows, step by step from r = 0.

    Each step goes towards (sum of lengths) * row / length for the row whose direction fits T - r best, as far as an exact
    line search says. Equal fits (relative 1e-5 in float32, 1e-11 in float64) are settled by key. Rows of length 0 have no
    direction and come last. One matrix-vector product a step; memory for the unit rows.

    Source: Campbell and Broderick, Automated Scalable Bayesian Inference via Hilbert Coresets, 2019, algorithm 2; Pinsler,
    Gordon, Nalisnick and Hernández-Lobato, Bayesian Batch Active Learning as Sparse Subset Approximation, 2019,
    algorithm 1.

    Args:
        x: (N, D) rows.
        n: rows wanted, at most N.
        keys: (N,) tie keys.
        again: as published, the first n steps may go to a row anew; steps to new rows follow until there are n. Without
            it every step goes to a new row.

    Returns:
        (n,) rows in the order of their first step; (n,) fit at that step, the product of residual and direction over the
        length of T, at most 1; (n,) share of |T| that is missing after that step.
    """
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    lengths = row_norms(x)
    units, target = np.empty(x.shape, dtype=dtype), np.zeros(x.shape[1])
    for rows, block in blocks(x):
        units[rows] = unit_rows(block)
        target += block.sum(axis=0, dtype=np.float64)
    total, whole = float(lengths.sum()), float(np.linalg.norm(target))
    open_ = lengths > 0
    reached = np.zeros_like(target)
    found: dict[int, tuple[float, float]] = {}
    steps = 0
    while len(found) < n and open_.any():
        tell("Frank-Wolfe steps", len(found), n)
        residual = target - reached
        fits = (units @ residual.astype(dtype)).astype(np.float64)
        fits[~open_] = -np.inf
        best = float(fits.max())
        equal = np.flatnonzero(fits >= best - _slack(dtype) * whole)
        row = int(equal[keys[equal].argmin()])
        direction = total * np.asarray(x[row], dtype=np.float64) / lengths[row] - reached
        square = float(direction @ direction)
        step = float(np.clip(direction @ residual / square, 0.0, 1.0)) if square > 0 else 0.0
        reached += step * direction
        steps += 1
        if row not in found:
            missing = float(np.linalg.norm(target - reached))
            found[row] = best / whole if whole > 0 else 0.0, missing / whole if whole > 0 else 0.0
        if not again:
            open_[row] = False
        elif steps == n:  # from here on new rows only
            open_[list(found)] = False
            again = False
    rest = np.setdiff1d(np.arange(len(x)), list(found))
    rest = rest[np.argsort(keys[rest], kind="stable")[: n - len(found)]]
    values = np.array(list(found.values())).reshape(-1, 2)
    fill = np.zeros(len(rest))
    return (
        np.array([*found, *rest.tolist()], dtype=np.int64),
        np.concatenate([values[:, 0], fill]),
        np.concatenate([values[:, 1], fill]),
    )


def _slack(dtype: np.dtype[Any]) -> float:
    return 1e-5 if dtype == np.float32 else 1e-11
