"""Outputs of one item over epochs or rounds, oldest first: how far they move, and how far they stand apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["last_move", "moving_average", "spread_of_students"]

FLOOR = 1e-12
"""Below it a probability counts as this, so that its logarithm is finite."""


def last_move(history: NDArray[Any]) -> NDArray[np.float64]:
    """Euclidean distance between the last two outputs: (N, T, C) or (N, T) -> (N,); 0 where there is one only."""
    out = np.zeros(len(history))
    if history.shape[1] < 2:
        return out
    for rows, block in blocks(history[:, -2:]):
        apart = (block[:, 1] - block[:, 0]).astype(np.float64).reshape(len(block), -1)
        out[rows] = np.sqrt(np.vecdot(apart, apart))
    return out


def spread_of_students(history: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over checkpoints of KL(mean of the checkpoints || checkpoint), in nats: (N, T, C) -> (N,), at least 0.

    `members.information` is the mean of KL in the other direction. Differences below rounding are 0, so that
    checkpoints that agree tie.
    """
    out = np.empty(len(history))
    for rows, block in blocks(history):
        each = block.astype(np.float64)
        mean = each.mean(axis=1)
        logs = np.log(np.maximum(each, FLOOR)).mean(axis=1)
        apart = (mean * (np.log(np.maximum(mean, FLOOR)) - logs)).sum(axis=1)
        noise = 8.0 * float(np.finfo(block.dtype).eps) * (1.0 - (mean * logs).sum(axis=1))
        out[rows] = np.where(apart > noise, apart, 0.0)
    return out


def moving_average(history: NDArray[Any], decay: float) -> NDArray[Any]:
    """Exponential moving average over the steps, made up for its start at 0: (N, T, C) -> (N, C).

    Z <- decay Z + (1 - decay) z for each step z, and Z / (1 - decay^T) at the end.

    Source: Laine and Aila, Temporal Ensembling for Semi-Supervised Learning, 2017, algorithm 2.

    Args:
        history: outputs, oldest first, at least one step.
        decay: what a step leaves of those before it, from 0 (the last output only) to below 1.

    Returns:
        In the precision of ``history``; rows that sum to 1 keep their sum.
    """
    steps = history.shape[1]
    weights = (1.0 - decay) * decay ** np.arange(steps - 1, -1, -1, dtype=np.float64)
    weights /= weights.sum()
    short = history.dtype.kind == "f" and history.dtype.itemsize <= 4
    out = np.empty((len(history), history.shape[2]), dtype=np.float32 if short else np.float64)
    for rows, block in blocks(history):
        out[rows] = np.matmul(weights, block.astype(np.float64))
    return out
