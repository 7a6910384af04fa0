"""Mismatch first: items whose prediction is not the label of the nearest labelled item, farthest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.k_center import farthest_first
from querist.strategies.kernels.labelled_neighbours import nearest_known
from querist.strategies.selectors.known import known_points

__all__ = ["MismatchFirst"]


@dataclass(frozen=True, repr=False)
class MismatchFirst(Strategy):
    """Farthest first among the items where model and nearest labelled item disagree; then among the others.

    An item's propagated label is that of the labelled item nearest in embedding, the earliest of equally near ones.
    Rows whose predicted class is another come first, each the farthest from all labelled, pending and chosen ones; when
    they are used up, the others follow by the same rule. The scores are the Euclidean distances at the time of the
    pick.

    Source: Zhao, Heittola and Virtanen, Active Learning for Sound Event Detection, 2020 (mismatch-first
    farthest-traversal).
    """

    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Zhao, Heittola and Virtanen 2020"

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool, `EMBEDDING` and `LABELS` of labelled items, `EMBEDDING` of pending."""
        return Needs(
            pool=frozenset({PROBS, EMBEDDING}),
            labelled=frozenset({EMBEDDING, LABELS}),
            uses=frozenset({EMBEDDING}),
        )

    def select(self, ctx: Context, n: int) -> Selection:
        """Mismatches, then the rest.

        Raises:
            ArgumentError: nothing is labelled (code ``MissingSignal``).
        """
        x, keys, labels = ctx.pool[EMBEDDING], ctx.keys("mismatch_first"), np.asarray(ctx.labelled[LABELS])
        known = np.asarray(ctx.labelled[EMBEDDING])
        if not len(known):
            raise ArgumentError(
                "mismatch_first needs embedding and labels of at least one labelled item; pass labelled={'embedding': "
                "..., 'labels': ...}",
                code="MissingSignal",
            )
        propagated = np.empty(len(x), dtype=np.int64)
        for rows, near in nearest_known(x, known, 1):
            propagated[rows] = labels[near[:, 0]]
        predicted = np.asarray(ctx.pool[PROBS]).argmax(axis=1)
        picks: list[NDArray[np.int64]] = []
        heights: list[NDArray[np.float64]] = []
        wanted = n
        for part in (np.flatnonzero(predicted != propagated), np.flatnonzero(predicted == propagated)):
            count = min(wanted, len(part))
            if count:
                rows_, squared = _farthest(ctx, x, part, count, keys, picks)
                picks.append(rows_)
                heights.append(squared)
                wanted -= count
        chosen, distances = np.concatenate(picks), np.sqrt(np.concatenate(heights))
        words = tuple(
            f"predicted {predicted[r]}, nearest labelled item {propagated[r]}; distance {d:.3g} to what is labelled or "
            "chosen"
            for r, d in zip(chosen.tolist(), distances.tolist(), strict=True)
        )
        return Selection(chosen, distances.astype(np.float64), words)


def _farthest(
    ctx: Context,
    x: NDArray[np.floating],
    part: NDArray[np.int64],
    count: int,
    keys: NDArray[np.uint64],
    before: list[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of ``part``, farthest first from known ones and from those picked before, and squared distances."""
    geometry = Euclidean(x[part])
    nearest = np.full(geometry.size, np.inf, dtype=geometry.dtype)
    geometry.lower(nearest, known_points(ctx, EMBEDDING, geometry.shifted))
    for rows in before:
        geometry.lower(nearest, geometry.shifted(x[rows]))
    local, squared = farthest_first(geometry, count, nearest, keys[part])
    return part[local], squared
