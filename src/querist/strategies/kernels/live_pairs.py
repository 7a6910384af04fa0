"""Pairs of a row and a candidate that would raise the row's coverage: sparse once a little is covered, and only shrinking.

They are kept by blocks of rows, each block a CSR of its own: 4 bytes for the candidate, and the similarity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LivePairs", "hits"]

BLOCK = 1024
"""Rows a block; 16 bits hold the row within it, which NumPy sorts in linear time."""


class LivePairs:
    """Collects pairs tile by tile, then answers what rises of coverage cost the candidates.

    Args:
        size: number of rows.
        most: pairs at most; beyond it `full` is set and all are let go.
    """

    def __init__(self, size: int, most: int) -> None:
        self.size, self.most, self.count, self.full = size, most, 0, False
        self._parts: list[list[tuple[NDArray[np.uint16], NDArray[np.int32], NDArray[Any]]]] = [
            [] for _ in range(-(-size // BLOCK))
        ]
        self._blocks: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]] = []

    def add(self, start: int, rows: NDArray[Any], candidates: NDArray[Any], values: NDArray[Any]) -> None:
        """Pairs of rows start + ``rows`` of one block with ``candidates``."""
        self.count += len(rows)
        if self.count > self.most:
            self.full = True
            self._parts = []
        if not self.full and len(rows):
            part = rows.astype(np.uint16), candidates.astype(np.int32), values
            self._parts[start // BLOCK].append(part)

    def close(self) -> None:
        """No more pairs come: sort each block by row."""
        for at, parts in enumerate(self._parts):
            if parts:
                rows, candidates, values = (np.concatenate(part) for part in zip(*parts, strict=True))
            else:
                rows, candidates, values = np.zeros(0, np.uint16), np.zeros(0, np.int32), np.zeros(0)
            self._parts[at] = []
            order = np.argsort(rows, kind="stable")
            edges = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=BLOCK))])
            self._blocks.append((edges, candidates[order], values[order]))

    def losses(
        self, rows: NDArray[np.int64], before: NDArray[Any], after: NDArray[Any], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(N,) what candidates lose when the coverage of some rows (R,), ascending, rises from before to after (R,)."""
        lost = np.zeros(self.size)
        bounds = np.searchsorted(rows, np.arange(0, self.size + BLOCK, BLOCK))
        for at, (edges, candidates, values) in enumerate(self._blocks):
            some = slice(bounds[at], bounds[at + 1])
            local = rows[some] - at * BLOCK
            lengths = edges[local + 1] - edges[local]
            total = int(lengths.sum())
            if not total:
                continue
            ends = np.cumsum(lengths)
            places = np.arange(total) + np.repeat(edges[local] - (ends - lengths), lengths)
            value = values[places]
            change = np.maximum(value - np.repeat(before[some], lengths), 0)
            change -= np.maximum(value - np.repeat(after[some], lengths), 0)
            lost += np.bincount(candidates[places], change * np.repeat(weights[some], lengths), minlength=self.size)
        return lost


def hits(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Flat places of True in a contiguous array; eight are looked at at once, as most are False."""
    flat = mask.reshape(-1)
    if len(flat) % 8:
        return np.flatnonzero(flat)
    words = np.flatnonzero(flat.view(np.uint64))
    if len(words) * 32 > len(flat):
        return np.flatnonzero(flat)
    word, byte = np.nonzero(flat.reshape(-1, 8)[words])
    return np.asarray(words[word] * 8 + byte)
