"""Pairs of a row and a candidate that would raise the row's coverage: sparse once a little is covered, and only shrinking.

They are kept by blocks of rows, those of the tiles that they come from, each block a CSR of its own: 4 bytes for the
candidate, and the similarity. 16 bits hold the row within the block, which NumPy sorts in linear time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.similarity import SQUARE

__all__ = ["LivePairs"]


class LivePairs:
    """Collects pairs tile by tile, then answers what rises of coverage cost the candidates.

    Args:
        size: number of rows.
        most: pairs at most; beyond it `full` is set and all are let go.
    """

    def __init__(self, size: int, most: int) -> None:
        self.size, self.most, self.block, self.count, self.full = size, most, SQUARE, 0, False
        self._parts: list[list[tuple[NDArray[np.uint16], NDArray[np.int32], NDArray[Any] | None]]] = [
            [] for _ in range(-(-size // SQUARE))
        ]
        self._blocks: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any] | None]] = []

    def add(self, start: int, rows: NDArray[Any], candidates: NDArray[Any], values: NDArray[Any] | None) -> None:
        """Pairs of rows start + ``rows`` of one block with ``candidates``; without values all are 1."""
        self.count += len(rows)
        if self.count > self.most:
            self.full = True
            self._parts = []
        if not self.full and len(rows):
            part = rows.astype(np.uint16), candidates.astype(np.int32), values
            self._parts[start // self.block].append(part)

    def close(self) -> None:
        """No more pairs come: sort each block by row."""
        for at, parts in enumerate(self._parts):
            self._parts[at] = []
            rows = np.concatenate([part[0] for part in parts] or [np.zeros(0, np.uint16)])
            candidates = np.concatenate([part[1] for part in parts] or [np.zeros(0, np.int32)])
            order = np.argsort(rows, kind="stable")
            edges = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self.block))])
            some = [part[2] for part in parts if part[2] is not None]
            self._blocks.append((edges, candidates[order], np.concatenate(some)[order] if some else None))

    def losses(
        self, rows: NDArray[np.int64], before: NDArray[Any], after: NDArray[Any], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(N,) what candidates lose when the coverage of some rows (R,), ascending, rises from before to after (R,)."""
        lost = np.zeros(self.size)
        bounds = np.searchsorted(rows, np.arange(0, self.size + self.block, self.block))
        for at, (edges, candidates, values) in enumerate(self._blocks):
            some = slice(bounds[at], bounds[at + 1])
            local = rows[some] - at * self.block
            lengths = edges[local + 1] - edges[local]
            total = int(lengths.sum())
            if not total:
                continue
            ends = np.cumsum(lengths)
            places = np.arange(total) + np.repeat(edges[local] - (ends - lengths), lengths)
            if values is None:
                change = np.repeat((after[some] - before[some]) * weights[some], lengths)
            else:
                value = values[places]
                change = np.maximum(value - np.repeat(before[some], lengths), 0)
                change -= np.maximum(value - np.repeat(after[some], lengths), 0)
                change = change * np.repeat(weights[some], lengths)
            lost += np.bincount(candidates[places], change, minlength=self.size)
        return lost
