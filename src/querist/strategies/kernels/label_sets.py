"""Scores of items with several labels, from (N, K) probabilities of each label, each from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["closeness", "count_errors", "inconsistency", "label_entropies", "mean_place", "separation"]

_CELLS = 1 << 19


def closeness(probs: NDArray[Any]) -> NDArray[np.float64]:
    """(N, K) 1 - |2p - 1|: 1 on the boundary of a label, 0 where it is sure."""
    return 1.0 - np.abs(2.0 * np.clip(np.asarray(probs, dtype=np.float64), 0.0, 1.0) - 1.0)


def label_entropies(probs: NDArray[Any]) -> NDArray[np.float64]:
    """(N, K) entropy of each label, taken for itself, in nats."""
    out = np.zeros(probs.shape)
    for rows, block in blocks(probs):
        for p in (np.clip(block.astype(np.float64), 0.0, 1.0), np.clip(1.0 - block.astype(np.float64), 0.0, 1.0)):
            out[rows] -= p * np.log(p, out=np.zeros_like(p), where=p > 0)
    return out


def count_errors(probs: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Expected number of wrong labels when the m most probable are given, and m: (N,) both.

    m is the expected number of labels, the sum of the probabilities, rounded, and at least 1.
    """
    p = np.clip(np.asarray(probs, dtype=np.float64), 0.0, 1.0)
    total = np.round(p.sum(axis=1), 6)
    given = np.clip(np.floor(total + 0.5), 1, p.shape[1]).astype(np.int64)
    ordered = -np.sort(-p, axis=1)
    inside = np.arange(p.shape[1]) < given[:, None]
    return np.where(inside, 1.0 - ordered, ordered).sum(axis=1), given


def separation(probs: NDArray[Any]) -> NDArray[np.float64]:
    """(N,) smallest 2p - 1 of the labels above one half less the largest of the others, from 0 to 2.

    Where there are none above, 1 stands for them, where there are none below, -1.
    """
    f = 2.0 * np.clip(np.asarray(probs, dtype=np.float64), 0.0, 1.0) - 1.0
    above = np.where(f > 0, f, 1.0).min(axis=1, initial=1.0)
    below = np.where(f > 0, -1.0, f).max(axis=1, initial=-1.0)
    return np.asarray(above - below)


def mean_place(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) mean over columns of the share of rows that are larger, equal ones sharing their mean place.

    From 0 (the largest everywhere) to 1 (the smallest everywhere); 1 for a single row.
    """
    size = len(values)
    if size <= 1:
        return np.ones(size)
    total = np.zeros(size)
    for column in values.T:
        ordered = np.sort(column)
        low = np.searchsorted(ordered, column, side="left")
        high = np.searchsorted(ordered, column, side="right")
        total += (size - (low + high + 1) / 2.0) / (size - 1.0)
    return np.asarray(total / values.shape[1])


def inconsistency(sets: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N,) mean distance of each label set to other label sets, from 0 to 1.

    The distance of two rows is (2 H(x, y) - H(x) - H(y)) / H(x, y), H being the entropy of a row's K bits taken as a
    sample, and of the pairs of bits; it is 1 where all bits differ and 0 where none does. Rows that are alike are
    worked once.

    Args:
        sets: (N, K) truth values.
        others: (L, K) truth values, at least one row.
    """
    mine, place = np.unique(sets, axis=0, return_inverse=True)
    theirs, counts = np.unique(others, axis=0, return_counts=True)
    k = sets.shape[1]
    y, size_y = theirs.astype(np.float64), theirs.sum(axis=1) / k
    out = np.empty(len(mine))
    step = max(1, _CELLS // len(theirs))
    for start in range(0, len(mine), step):
        x = mine[start : start + step].astype(np.float64)
        both = np.rint(x @ y.T) / k
        size_x = x.sum(axis=1) / k
        only_x, only_y = size_x[:, None] - both, size_y - both
        neither = 1.0 - both - only_x - only_y
        joint = _plogp(both) + _plogp(only_x) + _plogp(only_y) + _plogp(neither)
        single = (_plogp(size_x) + _plogp(1 - size_x))[:, None] + _plogp(size_y) + _plogp(1 - size_y)
        distance = np.divide(2 * joint - single, joint, out=np.zeros_like(joint), where=joint > 1e-12)
        distance[only_x + only_y > 1 - 0.5 / k] = 1.0
        out[start : start + step] = np.clip(distance, 0.0, 1.0) @ (counts / counts.sum())
    return out[place.reshape(-1)]


def _plogp(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """- p log p; 0 where p is 0 or below by rounding."""
    return -p * np.log(p, out=np.zeros_like(p), where=p > 1e-12)
