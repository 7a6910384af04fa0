"""The whole of which the pool is a part: what rules on a graph look at, though only the pool may be chosen.

Nodes that are labelled, pending or held out stay in the graph: a walk passes them, features mix with theirs, clusters
and communities hold them (the transductive setting). A session that holds a graph hands over the whole; bare arrays are
a whole of their own, the pool.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import id_hashes, tie_keys
from querist.core.signals import Context, Needs, View

__all__ = ["Whole", "over_whole", "whole_of"]


def _none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Whole:
    """All items with their signals, and which of them are the pool, labelled and pending; the others are held out.

    Args:
        view: signals of all W items.
        pool: (N,) row of each item of the pool.
        labelled: (L,) rows of the labelled items.
        pending: (M,) rows of the items that wait for an answer.
        hashes: (W,) uint64 hash of each item's id, or None for those of row numbers.
    """

    view: View
    pool: NDArray[np.int64]
    labelled: NDArray[np.int64] = field(default_factory=_none)
    pending: NDArray[np.int64] = field(default_factory=_none)
    hashes: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        """Number of items, W."""
        return len(self.view)

    def keys(self, seed: int, name: str) -> NDArray[np.uint64]:
        """Tie keys of all items for the draw called ``name``: (W,) uint64, those of the pool as `Context.keys`."""
        hashes = self.hashes if self.hashes is not None else id_hashes(len(self))
        return tie_keys(hashes, seed, name)

    def places(self) -> NDArray[np.int64]:
        """(W,) row of the pool of each item, and -1 for what cannot be chosen."""
        out = np.full(len(self), -1, dtype=np.int64)
        out[self.pool] = np.arange(len(self.pool))
        return out

    def known(self) -> NDArray[np.bool_]:
        """(W,) whether an item is labelled or pending."""
        out = np.zeros(len(self), dtype=bool)
        out[self.labelled] = out[self.pending] = True
        return out

    def take(self, rows: NDArray[np.int64]) -> Whole:
        """The same whole with the pool narrowed to ``rows`` of the pool."""
        return replace(self, pool=self.pool[rows])

    def waiting(self, rows: NDArray[np.int64]) -> Whole:
        """The same whole with ``rows`` of the pool pending too."""
        return replace(self, pending=np.concatenate([self.pending, self.pool[rows]]))


def whole_of(ctx: Context) -> Whole:
    """The whole that a context holds; where it holds none, the pool alone."""
    if ctx.whole is not None:
        return ctx.whole
    return Whole(ctx.pool, np.arange(ctx.size, dtype=np.int64), hashes=ctx.hashes)


def over_whole(needs: Needs, wanted: bool) -> Needs:
    """The same needs, all signals of the pool being those of the whole where there is one, if ``wanted``."""
    return replace(needs, whole=needs.pool if wanted else frozenset())
