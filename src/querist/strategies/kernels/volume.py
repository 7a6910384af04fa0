"""Volume sampling from a stream: features of gradients, and one step of the inverse second moment.

A gradient a (x) h has C * D numbers. Where that is more than the width, they are hashed into it by a tensor sketch: the
count sketches of a and h are convolved, which keeps inner products in the mean, <sketch(g), sketch(g')> ~ <a, a'><h, h'>,
and needs no matrix of C * D rows.

Source of the sketch: Pham and Pagh, Fast and Scalable Polynomial Kernels via Explicit Feature Maps, 2013.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import id_hashes, tie_keys

__all__ = ["Moments", "outer_features", "volume_pass"]

_BLOCK = 1024


def outer_features(a: NDArray[Any], h: NDArray[Any], width: int, seed: int) -> NDArray[np.float64]:
    """(N, C * D) products a (x) h, or their tensor sketch (N, width) where that is narrower.

    Args:
        a: (N, C) first factors.
        h: (N, D) second factors.
        width: most columns.
        seed: of the hash functions; rows are sketched alike however they are grouped.
    """
    a, h = np.asarray(a, dtype=np.float64), np.asarray(h, dtype=np.float64)
    if a.shape[1] * h.shape[1] <= width:
        return np.asarray((a[:, :, None] * h[:, None, :]).reshape(len(a), -1))
    spectrum = np.fft.rfft(_count_sketch(a, width, seed, "a"), axis=1)
    spectrum *= np.fft.rfft(_count_sketch(h, width, seed, "h"), axis=1)
    return np.asarray(np.fft.irfft(spectrum, n=width, axis=1))


def _count_sketch(x: NDArray[np.float64], width: int, seed: int, name: str) -> NDArray[np.float64]:
    """Each column added, with a random sign, to a random one of ``width`` columns."""
    hashes = id_hashes(x.shape[1])
    place = (tie_keys(hashes, seed, f"sketch place {name}") % np.uint64(width)).astype(np.int64)
    sign = np.where(tie_keys(hashes, seed, f"sketch sign {name}") >> np.uint64(63), 1.0, -1.0)
    out = np.zeros((len(x), width))
    for column in range(x.shape[1]):
        out[:, place[column]] += sign[column] * x[:, column]
    return out


class Moments:
    """What volume sampling remembers: the mean second moment of all, and the inverse of the sum over those accepted.

    Args:
        width: numbers an item.
        ridge: times the identity, what the sum over accepted items begins with.
    """

    def __init__(self, width: int, ridge: float) -> None:
        self.seen = 0
        self.mean = np.zeros((width, width))
        self.inverse = np.eye(width) / ridge

    def look(self, g: NDArray[np.float64]) -> float:
        """Take an item into the mean; its share g' S^-1 g / tr(S^-1 A), 1 on the average over the items."""
        self.seen += 1
        self.mean += (np.outer(g, g) - self.mean) / self.seen
        volume = float(g @ self.inverse @ g)  # the determinant grows by the factor 1 + this
        total = float(np.vdot(self.inverse, self.mean))
        return volume / total if total > 0 else 1.0

    def accept(self, g: NDArray[np.float64]) -> None:
        """Add g g' to the sum: its inverse by Woodbury's identity, kept symmetric against rounding."""
        column = self.inverse @ g
        self.inverse -= np.outer(column, column) / (1.0 + float(g @ column))
        self.inverse = (self.inverse + self.inverse.T) / 2.0

    def to_json(self) -> dict[str, Any]:
        """Plain lists that `from_json` reads back to the last bit."""
        return {"seen": self.seen, "mean": self.mean.tolist(), "inverse": self.inverse.tolist()}

    @classmethod
    def from_json(cls, data: Any) -> Moments:
        """What `to_json` wrote."""
        out = cls(len(data["mean"]), 1.0)
        out.seen = int(data["seen"])
        out.mean = np.array(data["mean"], dtype=np.float64)
        out.inverse = np.array(data["inverse"], dtype=np.float64)
        return out


def volume_pass(
    features: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    order: NDArray[np.int64],
    n: int,
    draws: NDArray[np.float64],
    moments: Moments,
) -> tuple[list[int], list[float]]:
    """One pass of volume sampling with a rate that makes up for what was missed: (n - taken) / (items left).

    Between two acceptances the inverse stands still, so that a block of items takes one product; an acceptance changes
    the volumes of the rest of the block, and the trace, by one rank. The decisions are those of `Moments.look` and
    `Moments.accept`, item by item.

    Args:
        features: gives the (m, width) features of m rows.
        order: (N,) rows in the order of the pass.
        n: how many at most.
        draws: (N,) uniform numbers, one for each row of the pool.
        moments: what was accepted before; it is changed.

    Returns:
        The rows accepted, and for each the volume it added, g' S^-1 g. There may be fewer than n.
    """
    rows: list[int] = []
    volumes: list[float] = []
    total = float(np.vdot(moments.inverse, moments.mean)) * moments.seen  # the trace times the items seen
    size = len(order)
    for begin in range(0, size, _BLOCK):
        some = order[begin : begin + _BLOCK]
        g = features(some)
        volume = np.vecdot(g @ moments.inverse, g)
        start = 0
        while start < len(some) and len(rows) < n:
            place = np.arange(start, len(some))
            totals = total + np.cumsum(volume[start:])
            seen = moments.seen + 1 + np.arange(len(place))
            rate = (n - len(rows)) / (size - begin - place)
            share = np.divide(volume[start:] * seen, totals, out=np.ones(len(place)), where=totals > 0)
            hits = np.flatnonzero(draws[some[start:]] < rate * share)
            stop = start + int(hits[0]) + 1 if len(hits) else len(some)
            passed = g[start:stop]
            moments.mean += (passed.T @ passed - len(passed) * moments.mean) / (moments.seen + len(passed))
            moments.seen += len(passed)
            total = float(totals[stop - start - 1])
            if len(hits):
                chosen = stop - 1
                rows.append(int(some[chosen]))
                volumes.append(float(volume[chosen]))
                column = moments.inverse @ g[chosen]
                moments.accept(g[chosen])
                shrink = 1.0 + float(g[chosen] @ column)
                volume[stop:] -= np.square(g[stop:] @ column) / shrink
                np.maximum(volume, 0.0, out=volume)
                total = float(np.vdot(moments.inverse, moments.mean)) * moments.seen
            start = stop
        if len(rows) == n:
            break
    return rows, volumes
