"""What the scores of items with several labels share: they read `MULTILABEL`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.signals import MULTILABEL, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import Score

__all__ = ["MultilabelScore"]


@dataclass(frozen=True, repr=False)
class MultilabelScore(Score):
    """A score from the probability of each of K labels."""

    cell: ClassVar[str] = "uncertainty"

    @property
    def needs(self) -> Needs:
        """`MULTILABEL` of the pool."""
        return Needs(pool=frozenset({MULTILABEL}))

    def labels(self, ctx: Context) -> Array:
        """(N, K) probabilities of each label."""
        probs: Array = ctx.pool[MULTILABEL]
        return probs
