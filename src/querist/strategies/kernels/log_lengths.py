"""Lengths of the vector of -log p: small for a flat prediction, large for a sure one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["log_lengths"]

FLOOR = 1e-12
"""Below it a probability counts as this, so that its logarithm is finite."""


def log_lengths(probs: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and Euclidean length of -log p over the classes: (N, C) -> two arrays (N,), in nats."""
    one, two = np.empty(len(probs)), np.empty(len(probs))
    for rows, block in blocks(probs):
        logs = -np.log(np.maximum(block.astype(np.float64), FLOOR))
        np.maximum(logs, 0.0, out=logs)  # a probability may be a little above 1
        one[rows] = logs.sum(axis=1)
        two[rows] = np.sqrt(np.vecdot(logs, logs))
    return one, two
