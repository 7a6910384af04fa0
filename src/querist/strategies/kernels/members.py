"""Scores of posterior samples, (N, S, C) or (N, S): one pass in blocks, no array of that size is ever made.

The pool is read once. Within a block the logarithm goes into one cached buffer, the sum of p log p is a dot product of
block and buffer, and the mean over members is a product with ones. No clip: rows with a zero give NaN and are redone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.probabilities import block_entropy

__all__ = ["information", "mean_entropy", "modal_share", "spread", "variance", "vote_entropy"]

_NARROW = 32
"""Up to this many classes the vote is found column by column."""


def mean_entropy(members: NDArray[Any]) -> NDArray[np.float64]:
    """Entropy of the mean over members, in nats: (N, S, C) -> (N,)."""
    out = np.empty(len(members))
    for rows, block in blocks(members):
        out[rows] = block_entropy(_mean(block))
    return out


def information(members: NDArray[Any]) -> NDArray[np.float64]:
    """Entropy of the mean less the mean of the entropies, in nats: (N, S, C) -> (N,), at least 0.

    It is the mutual information of label and member, and the mean over members of KL(member || mean). A difference
    below the rounding of its two terms is given as 0, so that members that agree tie instead of being ordered by noise.
    """
    samples = members.shape[1]
    out = np.empty(len(members))
    buffer = np.empty(0)
    for rows, block in blocks(members):
        if buffer.shape[1:] != block.shape[1:] or len(buffer) < len(block) or buffer.dtype != block.dtype:
            buffer = np.empty_like(block)
        logs = buffer[: len(block)]
        flat, flat_logs = block.reshape(len(block), -1), logs.reshape(len(block), -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            np.log(block, out=logs)
            sums = np.vecdot(flat, flat_logs)
            if np.isnan(sums).any():
                np.copyto(logs, 0.0, where=block == 0)
                sums = np.vecdot(flat, flat_logs)
        of_mean = block_entropy(_mean(block))
        gain = of_mean + np.asarray(sums, dtype=np.float64) / samples
        noise = 8.0 * float(np.finfo(block.dtype).eps) * (1.0 + of_mean)  # d(-p log p) is -dp where p is near 1
        out[rows] = np.where(gain > noise, gain, 0.0)
    return out


def vote_entropy(members: NDArray[Any]) -> NDArray[np.float64]:
    """Entropy of the shares of votes, in nats: (N, S, C) -> (N,); a member votes for its first largest class."""
    out = np.empty(len(members))
    for rows, block in blocks(members):
        out[rows] = block_entropy(_votes(block) / block.shape[1])
    return out


def modal_share(members: NDArray[Any]) -> NDArray[np.float64]:
    """Share of the votes that the class with most votes has: (N, S, C) -> (N,)."""
    out = np.empty(len(members))
    for rows, block in blocks(members):
        out[rows] = _votes(block).max(axis=1) / block.shape[1]
    return out


def spread(members: NDArray[Any]) -> NDArray[np.float64]:
    """Population standard deviation over members, its mean over classes: (N, S, C) or (N, S) -> (N,)."""
    out = np.empty(len(members))
    if members.ndim == 2:
        return np.sqrt(variance(members), out=out)
    samples = members.shape[1]
    for rows, block in blocks(members):
        # Measured from the first member: members that agree give exactly 0, and a common offset costs no digits.
        # Tiled rows instead of a broadcast over the middle axis: one long vector pass instead of many of length C.
        flat = block.reshape(len(block), -1)
        apart = flat - np.tile(block[:, 0, :], (1, samples))
        apart -= np.tile(_mean(apart.reshape(block.shape)).astype(apart.dtype), (1, samples))
        np.multiply(apart, apart, out=apart)
        out[rows] = np.sqrt(_mean(apart.reshape(block.shape))).mean(axis=1)
    return out


def variance(members: NDArray[Any]) -> NDArray[np.float64]:
    """Population variance over members, in float64: (N, S) -> (N,)."""
    out = np.empty(len(members))
    samples = members.shape[1]
    for rows, block in blocks(members):
        apart = block.astype(np.float64)
        apart -= apart[:, :1].copy()  # members that agree give exactly 0
        apart -= apart.mean(axis=1, keepdims=True)
        out[rows] = np.vecdot(apart, apart) / samples
    return out


def _mean(block: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over members: (B, S, C) -> (B, C). A product with ones is several times faster than a sum over axis 1."""
    samples = block.shape[1]
    sums: NDArray[np.float64] = np.matmul(np.ones(samples, dtype=block.dtype), block).astype(np.float64)
    sums /= samples
    return sums


def _votes(block: NDArray[Any]) -> NDArray[np.float64]:
    """Votes for each class: (B, S, C) -> (B, C)."""
    rows, samples, classes = block.shape
    flat = block.reshape(rows * samples, classes)
    if classes <= _NARROW:
        columns = np.ascontiguousarray(flat.T)
        best, places = columns[0].copy(), np.zeros(len(flat), dtype=np.uint8)
        for place in range(1, classes):
            larger = columns[place] > best  # strictly: the first of equals keeps the vote
            np.maximum(places, larger.view(np.uint8) * np.uint8(place), out=places)
            np.maximum(best, columns[place], out=best)
        vote = places.astype(np.int64)
    else:
        vote = flat.argmax(axis=1)
    vote += np.repeat(np.arange(rows, dtype=np.int64) * classes, samples)
    counts = np.bincount(vote, minlength=rows * classes).reshape(rows, classes)
    return np.asarray(counts, dtype=np.float64)
