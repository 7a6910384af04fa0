"""Mean cosine similarity to all rows in N D operations: the mean of the unit rows is all that is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["mean_cosine"]


def mean_cosine(x: NDArray[Any]) -> NDArray[np.float64]:
    """(N,) mean over all rows j of cos(x_i, x_j) = u_i . mean(u); a zero row has cosine 0 with every row."""
    total = np.zeros(x.shape[1])
    for _, block in blocks(x):
        total += _units(block).sum(axis=0)
    mean = total / max(len(x), 1)
    out = np.empty(len(x))
    for rows, block in blocks(x):
        out[rows] = np.einsum("nd,d->n", _units(block), mean)
    return out


def _units(block: NDArray[Any]) -> NDArray[np.float64]:
    block = block.astype(np.float64)
    largest = np.abs(block).max(axis=1, initial=0.0, keepdims=True)  # no overflow of the squares
    scaled = np.divide(block, largest, out=np.zeros_like(block), where=largest > 0)
    length = np.sqrt(np.einsum("nd,nd->n", scaled, scaled))[:, None]
    return np.asarray(np.divide(scaled, length, out=np.zeros_like(scaled), where=length > 0))
