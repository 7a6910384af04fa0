"""2-BALD: informative items, less what they tell about each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import MEMBERS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.batch_information import lazy_picks
from querist.strategies.kernels.joint import expected_information
from querist.strategies.kernels.members import information
from querist.strategies.scores.committee import NOT_CLASSES, classifier_members, one_model_each

__all__ = ["KBald"]

_ROUNDING = 2e-6
"""Nats; what float32 may be off by."""


@dataclass(frozen=True, repr=False)
class KBald(Strategy):
    """Greedy for the sum of `bald` over the batch less the mutual information of every pair of labels (k = 2).

    Joint information is a sum over all subsets of the batch, by inclusion and exclusion; `batch_bald` estimates all of
    it, this keeps single items and pairs. It is exact for two items, costs the same for the tenth pick as for the first,
    and needs no sampling. The scores are what each pick adds; they fall from pick to pick, below 0 for large batches,
    where pairs are counted that a third item explains. Labelled items play no part; pending ones (their `members`) count
    as chosen before. Members must be the same models for all items.

    Source: Kirsch, Speeding Up BatchBALD: A k-BALD Family of Approximations for Active Learning, 2023.
    """

    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Kirsch 2023"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool; of pending items where they are there."""
        return Needs(pool=frozenset({MEMBERS}), uses=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def select(self, ctx: Context, n: int) -> Selection:
        """Greedy, with lazy evaluation: pairs are only subtracted, so gains only fall."""
        one_model_each(self, ctx)
        members = classifier_members(self, ctx)
        waiting = ctx.pending[MEMBERS] if len(ctx.pending) and MEMBERS in ctx.pending else members[:0]
        alone = information(members)
        now = alone.copy()
        chosen = [np.asarray(item) for item in waiting]
        counted = np.zeros(len(members), dtype=np.int64)

        def gains(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            for done in np.unique(counted[rows]).tolist():
                these = rows[counted[rows] == done]
                if done < len(chosen):
                    new = np.stack(chosen[done:])
                    now[these] -= expected_information(members[these], new) * len(new)
                    counted[these] = len(chosen)
            return now[rows]

        rows, added = lazy_picks(
            alone,
            n,
            gains,
            lambda row: chosen.append(np.asarray(members[row])),
            ctx.keys("top_k"),  # so that a batch of one is `bald` in its ties too
            known=not len(waiting),
            rounding=_ROUNDING,
            dry=lambda: -np.inf,
        )
        words = tuple(
            f"an answer tells {own:.2g} nats about the model, {own - gain:.2g} of which the picks before it share"
            for own, gain in zip(alone[rows], added, strict=True)
        )
        return Selection(rows, added, words)
