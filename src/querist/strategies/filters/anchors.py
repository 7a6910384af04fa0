"""Anchors: a part of the pool of fixed size around a few labelled items of each class (AnchorAL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, LABELS, Context, Needs
from querist.strategies.algebra import Filter
from querist.strategies.kernels.cosine import _units
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.nearest import nearest_rows
from querist.strategies.kernels.order import top

__all__ = ["Anchors"]


@dataclass(frozen=True, repr=False)
class Anchors(Filter):
    """The pool rows nearest to anchors, so many anchors of each labelled class, whatever the class's share.

    1. Of each class with labelled items up to ``per_class`` anchors are drawn by k-means++ among its unit rows.
    2. Each anchor retrieves its ``k`` nearest pool rows by cosine (the batch, if that is more).
    3. The ``n`` retrieved rows of largest mean cosine with the anchors that retrieved them stay (the batch, if more).

    Rare classes so get as many anchors as common ones, and what follows looks at ``n`` rows however large the pool is.
    A N D operations for A anchors, in blocks, and a copy of the pool as unit rows.

    Source: Lesci and Vlachos, AnchorAL: Computationally Efficient Active Learning for Large and Imbalanced Datasets,
    2024, algorithm 1.

    Args:
        n: rows that stay.
        per_class: anchors of a class.
        k: neighbours of each anchor.
    """

    n: int = 1000
    per_class: int = 10
    k: int = 50
    cell: ClassVar[str] = "filter"
    paper: ClassVar[str] = "Lesci and Vlachos 2024"

    def __post_init__(self) -> None:
        """Check the counts."""
        for name in ("n", "per_class", "k"):
            object.__setattr__(self, name, check_count(getattr(self, name), name))

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool and of labelled items, and their `LABELS`."""
        return Needs(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING, LABELS}))

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows around the anchors, sorted; ties by the tie key.

        Raises:
            ArgumentError: nothing is labelled (code ``MissingSignal``).
        """
        known, labels = ctx.labelled[EMBEDDING], np.asarray(ctx.labelled[LABELS])
        if not len(known):
            raise ArgumentError(
                "anchors needs the embedding and labels of at least one labelled item; pass "
                "labelled={'embedding': ..., 'labels': ...}",
                code="MissingSignal",
            )
        keys = ctx.keys("anchors")
        x = ctx.pool[EMBEDDING]
        units, others = _unit_rows(x, spare=0), _unit_rows(known, spare=1)
        anchors = others[self._anchors(others, labels, ctx)]
        rows, squared = nearest_rows(units, anchors, max(self.k, min(n, ctx.size)), keys)
        cosine = 1.0 - squared / 2.0
        found, place = np.unique(rows, return_inverse=True)
        counts = np.bincount(place.reshape(-1), minlength=len(found))
        mean = np.bincount(place.reshape(-1), weights=cosine.reshape(-1), minlength=len(found)) / counts
        wanted = min(max(self.n, n), len(found))
        return np.sort(found[top(np.round(mean, 6), wanted, keys[found])]).astype(np.int64)

    def _anchors(self, known: NDArray[Any], labels: NDArray[Any], ctx: Context) -> NDArray[np.int64]:
        """Rows of the labelled items that are anchors."""
        chosen: list[NDArray[np.int64]] = []
        for label in np.unique(labels).tolist():
            rows = np.flatnonzero(labels == label).astype(np.int64)
            if len(rows) > self.per_class:
                geometry = Euclidean(known[rows])
                nearest = np.full(len(rows), np.inf)
                drawn, _ = d2_sample(geometry, self.per_class, nearest, ctx.generator(f"anchors {label}"))
                rows = np.sort(rows[drawn])
            chosen.append(rows)
        return np.concatenate(chosen)

    def describe(self, kept: int, of: int) -> str:
        """Whose neighbours they are."""
        return f"among {kept:,} of {of:,} nearest to {self.per_class} anchors a class"


def _unit_rows(x: NDArray[Any], spare: int) -> NDArray[Any]:
    """Rows of length 1, of the same precision: |a - b|^2 = 2 - 2 cos. A zero row, whose cosine with every row is 0, points
    along the column ``spare`` of two columns that are added."""
    dtype = np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64
    out = np.zeros((len(x), x.shape[1] + 2), dtype=dtype)
    for start in range(0, len(x), 4096):
        units = _units(np.asarray(x[start : start + 4096]))
        out[start : start + 4096, :-2] = units
        out[start : start + 4096, x.shape[1] + spare] = ~units.any(axis=1)
    return out
