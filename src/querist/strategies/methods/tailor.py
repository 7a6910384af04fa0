"""TAILOR: Thompson sampling over strategies, rewarded by the rare classes that their items turn out to have.

The whole state is read from the session's history: which member chose each item of a batch stands in its `Round.arm`,
the items in `Round.asked`, and their classes among the labelled items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import LABELS, Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Strategy
from querist.strategies.combinators import needs_of
from querist.strategies.turns import Turns, batches, members_of

__all__ = ["Tailor"]

DECAY = 0.9
"""What a round leaves of the counts before it."""


@dataclass(frozen=True, repr=False, init=False)
class Tailor(Strategy):
    """For each item of the batch, plays the member whose drawn class shares promise most of what is rare.

    Member k has a count for each class, 1 at first; each round multiplies the counts by 0.9 and adds the classes of the
    items that k chose in it. For each item theta_k is drawn from Dirichlet(counts + 1), and the member of largest
    theta_k . v (one of equals by lot) picks its first row that is not taken. v_c is 1 / (labels of class c, at least
    1), with a minus for a class that has more than half of the labels. Within a batch no answer is at hand, so the
    counts do not change. Classes are those up to the highest that has a label.

    Args:
        arms: two strategies or more.

    Source: Zhang, Shao, Verma and Nowak, Algorithm Selection for Deep Active Learning with Imbalanced Datasets, 2023,
    with the class-diversity reward, and its code.

    >>> str(Tailor(["margin", "random"]))
    'tailor([margin, random])'
    """

    arms: tuple[AnyPart, ...]
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "Zhang, Shao, Verma and Nowak 2023"

    def __init__(self, arms: Sequence[AnyPart | str]) -> None:
        object.__setattr__(self, "arms", members_of("tailor", arms, "tailor([margin, random])"))

    @property
    def needs(self) -> Needs:
        """What all arms need, and `LABELS` of labelled items."""
        return needs_of(self.arms) | Needs(labelled=frozenset({LABELS}))

    def needs_at(self, round: int) -> Needs:
        """The same after ``round`` fits: any arm may be played."""
        return needs_of(self.arms, round) | Needs(labelled=frozenset({LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """One draw of all members for each item."""
        labels = np.asarray(ctx.labelled[LABELS], dtype=np.int64)
        counts = self._counts(ctx, labels)
        value = rarity(labels, counts.shape[1])
        generator = ctx.generator("tailor")
        # (n, M, C) draws as gamma variables: a Dirichlet draw is one divided by its sum.
        draws = generator.standard_gamma(counts + 1.0, size=(n, *counts.shape))
        promised = np.round((draws @ value) / draws.sum(axis=2), 12)  # but for rounding, so that ties are ties
        best = promised == promised.max(axis=1, keepdims=True)
        played = np.where(best, generator.random(best.shape), -1.0).argmax(axis=1).tolist()
        turns = Turns(self.arms, ctx, n)
        rows, scores, reasons = [], [], []
        for turn, member in enumerate(played):
            row, score, why = turns.take(member)
            rows.append(row)
            scores.append(score)
            words = f"chosen by {self.arms[member]}, which promised {promised[turn, member]:.3g} of what is rare"
            reasons.append(f"{why}; {words}" if why else words)
        return Selection(
            np.array(rows, dtype=np.int64),
            np.array(scores, dtype=np.float64),
            tuple(reasons),
            arm=f"{self._tag}{' '.join(map(str, played))}",
        )

    @property
    def _tag(self) -> str:
        return f"tailor([{', '.join(str(arm) for arm in self.arms)}]): played "

    def _counts(self, ctx: Context, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """(M, C) counts of the classes that each member has found, old ones for less."""
        classes = int(labels.max(initial=0)) + 1
        counts = np.ones((len(self.arms), classes))
        ids = ctx.labelled_ids if ctx.labelled_ids is not None else ()
        found = dict(zip(ids, labels.tolist(), strict=False))
        for past in batches(ctx.history, self._tag):
            counts *= DECAY
            for item, member in zip(past.asked, (past.arm or "").removeprefix(self._tag).split(), strict=False):
                if item in found:
                    counts[int(member), found[item]] += 1.0
        return counts


def rarity(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """(C,) worth of a label of each class: 1 / count, negative for a class that has more than half of the labels."""
    held = np.maximum(np.bincount(labels, minlength=classes).astype(np.float64), 1.0)
    return np.asarray(np.where(held > 0.5 * len(labels), -1.0, 1.0) / held)
