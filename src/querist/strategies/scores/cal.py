"""CAL: items whose prediction differs from that of the labelled items beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.labelled_neighbours import divergence_from_neighbours
from querist.strategies.parameters import check_whole

__all__ = ["Cal"]


@dataclass(frozen=True, repr=False)
class Cal(Score):
    """Mean over the k labelled items nearest in embedding of KL(p of the labelled item || p of the pool item), in nats.

    The pool item's p is floored at 1e-12; with fewer labelled items, the mean is over all. Of labelled items at the
    same distance the earliest counts.

    Source: Margatina, Vernikos, Barrault and Aletras, Active Learning by Acquiring Contrastive Examples, 2021,
    algorithm 1.

    Args:
        k: labelled neighbours of an item.
    """

    k: int = 10
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Margatina, Vernikos, Barrault and Aletras 2021"

    def __post_init__(self) -> None:
        """Refuse a k below 1."""
        check_whole(self.k, "k")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool and of labelled items."""
        both = frozenset({PROBS, EMBEDDING})
        return Needs(pool=both, labelled=both)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) nats, at least 0.

        Raises:
            ArgumentError: nothing is labelled (code ``MissingSignal``).
        """
        known = ctx.labelled[EMBEDDING]
        if not len(known):
            raise ArgumentError(
                "cal needs probs and embedding of at least one labelled item; pass labelled={'probs': ..., "
                "'embedding': ...}",
                code="MissingSignal",
            )
        return divergence_from_neighbours(ctx.pool[EMBEDDING], ctx.pool[PROBS], known, ctx.labelled[PROBS], self.k)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The divergence."""
        k = min(self.k, len(ctx.labelled))
        return [f"predicted otherwise than its {k} nearest labelled items (divergence {v:.3g} nats)" for v in values]
