"""Scores of posterior samples, (N, S, C) or (N, S): one pass in blocks, no array of that size is ever made.

The pool is read once. Within a block the logarithm goes into one cached buffer, the sum of p log p is a dot product of
block and buffer, and the mean over members is a product with ones. No clip: rows with a zero give NaN and are redone.

`Running` gives the same numbers while a model predicts, member by member: then no array of that size exists at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import Look, check_signal
from querist.core.errors import ArgumentError, StateError
from querist.core.signals import PROBS
from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.probabilities import block_entropy

__all__ = [
    "Running",
    "information",
    "mean_entropy",
    "modal_share",
    "moments",
    "spread",
    "summed_variance",
    "variance",
    "vote_entropy",
]

_NARROW = 32
"""Up to this many classes the vote is found column by column."""
_GROUPS = 12
"""Most groups of members that are summed first."""
_HELD = 1 << 15
"""Numbers whose entropies are taken at once."""
_BLOCK = 1 << 20
"""Bytes of a block of members: larger than elsewhere, as there are a dozen calls a block."""


class _Entropies:
    """Entropies of rows (N, C) that come a few at a time; they are taken for thousands at once.

    A pass over the columns costs as much for the hundred rows of one block of members as for thousands.
    """

    def __init__(self, n: int, classes: int) -> None:
        self._out = np.empty(n)
        self._held = np.empty((min(n, max(1, _HELD // classes)), classes))
        self._start = self._stop = 0

    def add(self, shares: NDArray[np.float64]) -> None:
        """The next rows."""
        for start in range(0, len(shares), len(self._held)):
            piece = shares[start : start + len(self._held)]
            if self._stop + len(piece) - self._start > len(self._held):
                self._flush()
            begin = self._stop - self._start
            self._held[begin : begin + len(piece)] = piece
            self._stop += len(piece)

    def all(self) -> NDArray[np.float64]:
        """The entropies of all rows."""
        self._flush()
        return self._out

    def _flush(self) -> None:
        self._out[self._start : self._stop] = block_entropy(self._held[: self._stop - self._start])
        self._start = self._stop


def mean_entropy(members: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """Entropy of the mean over members, in nats: (N, S, C) -> (N,).

    Here as below ``look`` is called with each block before it is used.
    """
    entropies = _Entropies(len(members), members.shape[2])
    for _, block in blocks(members, look, _BLOCK):
        entropies.add(_mean(block))
    return entropies.all()


def information(members: NDArray[Any], noise: float = 0.0, look: Look | None = None) -> NDArray[np.float64]:
    """Entropy of the mean less the mean of the entropies, in nats: (N, S, C) -> (N,), at least 0.

    With ``noise`` e each member's p becomes (1 - e) p + e (1 - p) / (C - 1): answers are wrong with probability e, and
    then any other class with equal chance.

    It is the mutual information of label and member, and the mean over members of KL(member || mean). A difference
    below the rounding of its two terms is given as 0, so that members that agree tie instead of being ordered by noise.
    """
    samples, classes = members.shape[1:]
    mean_of = np.empty(len(members))
    entropies = _Entropies(len(members), classes)
    buffer = np.empty(0)
    eps = 0.0
    wrong = noise / (classes - 1) if noise and classes > 1 else 0.0
    for rows, block in blocks(members, look, _BLOCK):
        if wrong:
            block = block * block.dtype.type(1.0 - noise - wrong) + block.dtype.type(wrong)
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
        np.divide(sums, -samples, out=mean_of[rows])
        entropies.add(_mean(block))
        eps = float(np.finfo(block.dtype).eps)
    return _told(entropies.all(), mean_of, eps)


def _told(of_mean: NDArray[np.float64], mean_of: NDArray[np.float64], eps: float) -> NDArray[np.float64]:
    """Entropy of the mean less mean of the entropies; 0 where that is no more than their rounding."""
    gain = of_mean - mean_of
    noise = 8.0 * eps * (1.0 + of_mean)  # d(-p log p) is -dp where p is near 1
    return np.asarray(np.where(gain > noise, gain, 0.0))


def vote_entropy(members: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """Entropy of the shares of votes, in nats: (N, S, C) -> (N,); a member votes for its first largest class."""
    entropies = _Entropies(len(members), members.shape[2])
    for _, block in blocks(members, look, _BLOCK):
        entropies.add(_votes(block) / block.shape[1])
    return entropies.all()


def modal_share(members: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """Share of the votes that the class with most votes has: (N, S, C) -> (N,)."""
    out = np.empty(len(members))
    for rows, block in blocks(members, look, _BLOCK):
        out[rows] = _votes(block).max(axis=1) / block.shape[1]
    return out


def spread(members: NDArray[Any], look: Look | None = None) -> NDArray[np.float64]:
    """Population standard deviation over members, its mean over classes: (N, S, C) or (N, S) -> (N,)."""
    out = np.empty(len(members))
    if members.ndim == 2:
        return np.sqrt(variance(members), out=out)
    samples = members.shape[1]
    for rows, block in blocks(members, look, _BLOCK):
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


def summed_variance(members: NDArray[Any]) -> NDArray[np.float64]:
    """Population variance over members, its sum over classes: (N, S, C) -> (N,)."""
    out = np.empty(len(members))
    samples = members.shape[1]
    for rows, block in blocks(members):
        apart = block.astype(np.float64)
        apart -= apart[:, :1, :].copy()  # members that agree give exactly 0
        apart -= _mean(apart)[:, None, :]
        flat = apart.reshape(len(block), -1)
        out[rows] = np.vecdot(flat, flat) / samples
    return out


def moments(members: NDArray[Any]) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
    """Mean and population variance over members, block by block: rows, (B, C), (B, C)."""
    for rows, block in blocks(members):
        first = block[:, :1, :].astype(np.float64)
        apart = block - first
        shift = _mean(apart)
        apart -= shift[:, None, :]
        yield rows, first[:, 0, :] + shift, _mean(apart * apart)


def _mean(block: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over members: (B, S, C) -> (B, C).

    A product with ones is several times faster than a sum over axis 1, and two of them, first over groups of members,
    are faster still, as the rows of the first are long.
    """
    rows, samples, classes = block.shape
    groups = next((g for g in range(_GROUPS, 3, -1) if samples % g == 0 and samples >= 2 * g), 1)
    ones = np.ones(samples, dtype=block.dtype)
    if groups > 1:
        block = np.matmul(ones[:groups], block.reshape(rows, groups, -1)).reshape(rows, -1, classes)
    sums: NDArray[np.float64] = np.matmul(ones[: samples // groups], block).astype(np.float64)
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


class Running:
    """Scores of posterior samples from one (N, C) array at a time; members (N, S, C) are never held.

    It keeps N (C + 1) doubles, C more an item with ``spread``, and C integers with ``votes``. The scores are those of
    `querist.score` on the members that were added; pass them on as ratings of your own, or pick the largest.

    Args:
        n: items.
        classes: C.
        spread: whether `mean_std` will be asked for.
        votes: whether `vote_entropy` or `variation_ratio` will be asked for.

    >>> running = Running(2, 2)
    >>> running.add(np.array([[1.0, 0.0], [0.5, 0.5]]))
    >>> running.add(np.array([[0.0, 1.0], [0.5, 0.5]]))
    >>> running.bald().round(3).tolist()
    [0.693, 0.0]
    """

    def __init__(self, n: int, classes: int, *, spread: bool = False, votes: bool = False) -> None:
        self._counts = np.zeros(n, dtype=np.int64)
        self._mean = np.zeros((n, classes))
        self._entropy = np.zeros(n)
        self._squares = np.zeros((n, classes)) if spread else None
        self._votes = np.zeros((n, classes), dtype=np.int32) if votes else None
        self._eps = float(np.finfo(np.float64).eps)

    def add(self, probs: NDArray[Any], rows: slice | None = None) -> None:
        """Take in the probabilities of one member: for all items, or for a run of rows.

        Args:
            probs: (B, C), rows that sum to 1.
            rows: which items they belong to; all N of them by default.

        Raises:
            ArgumentError: the shape does not fit (code ``ShapeMismatch``).
            DataError: these are no probabilities (code ``BadScores``).
        """
        here = slice(None) if rows is None else rows
        wanted = self._mean[here].shape
        if probs.shape != wanted:
            raise ArgumentError(f"probs must have shape {wanted} here, got {tuple(probs.shape)}", code="ShapeMismatch")
        check_signal(PROBS, probs, "pool")
        parts = [None if a is None else a[here] for a in (self._squares, self._votes)]
        counts, mean, entropy = self._counts[here], self._mean[here], self._entropy[here]
        counts += 1
        even = len(counts) > 0 and counts.min() == counts.max()
        for place, block in blocks(probs):
            self._eps = max(self._eps, float(np.finfo(block.dtype).eps))
            entropy[place] += block_entropy(block)
            apart = block - mean[place]
            mean[place] += apart / (counts[0] if even else counts[place, None])
            if parts[0] is not None:  # Welford: members that agree give exactly 0
                parts[0][place] += apart * (block - mean[place])
            if parts[1] is not None:
                parts[1][place] += _votes(np.ascontiguousarray(block)[:, None, :]).astype(np.int32)

    def mean(self) -> NDArray[np.float64]:
        """(N, C) mean over members."""
        self._ready()
        return self._mean.copy()

    def predictive_entropy(self) -> NDArray[np.float64]:
        """(N,) entropy of the mean, in nats."""
        self._ready()
        return block_entropy(self._mean)

    def bald(self) -> NDArray[np.float64]:
        """(N,) mutual information of label and member, in nats."""
        return _told(self.predictive_entropy(), self._entropy / self._counts, self._eps)

    def mean_std(self) -> NDArray[np.float64]:
        """(N,) mean over classes of the population standard deviation over members."""
        self._ready()
        return np.asarray(np.sqrt(_asked(self._squares, "spread") / self._counts[:, None]).mean(axis=1))

    def vote_entropy(self) -> NDArray[np.float64]:
        """(N,) entropy of the shares of votes, in nats."""
        self._ready()
        return block_entropy(_asked(self._votes, "votes") / self._counts[:, None])

    def variation_ratio(self) -> NDArray[np.float64]:
        """(N,) share of the members that do not vote for the class with most votes."""
        self._ready()
        return np.asarray(1.0 - _asked(self._votes, "votes").max(axis=1) / self._counts)

    def _ready(self) -> None:
        bare = np.flatnonzero(self._counts == 0)
        if len(bare):
            raise StateError(
                f"{len(bare)} of {len(self._counts)} items have no member yet, first rows {bare[:3].tolist()}; add some",
                code="NothingAvailable",
            )


def _asked(array: NDArray[Any] | None, name: str) -> NDArray[Any]:
    if array is None:
        raise StateError(f"this score needs Running(..., {name}=True)", code="NothingAvailable")
    return array
