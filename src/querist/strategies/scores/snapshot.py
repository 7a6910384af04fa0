"""Snapshots: the checkpoints of one training run as a committee."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError
from querist.core.signals import HISTORY, MEMBERS, Context, Needs, View
from querist.strategies.algebra import FloatArray, Score, as_score, rated
from querist.strategies.scores.outputs import outputs_of
from querist.strategies.scores.variation_ratio import VariationRatio

__all__ = ["Snapshot"]

_BY_DEFAULT = VariationRatio()


@dataclass(frozen=True, repr=False)
class Snapshot(Score):
    """Rates by a score of members, the outputs of earlier checkpoints standing in for the members.

    ``snapshot(bald)`` is ``bald`` with members (N, S, C) = history (N, T, C). One training run with a cyclic learning
    rate gives the checkpoints that an ensemble would need T runs for.

    Args:
        score: a score that reads members.

    Source: Jung, Kim and Lee, A Simple Yet Powerful Deep Active Learning with Snapshot Ensembles, 2023 (variation ratio
    over the snapshots).
    """

    score: Score = _BY_DEFAULT
    cell: ClassVar[str] = "uncertainty"
    paper: ClassVar[str] = "Jung, Kim and Lee 2023"

    def __post_init__(self) -> None:
        """Take text for the score as well; it must read members."""
        object.__setattr__(self, "score", as_score(self.score))
        if MEMBERS not in self.score.needs.pool:
            raise ArgumentTypeError(
                f"snapshot takes a score of members, e.g. snapshot(bald); {self.score} reads none", code="BadParameter"
            )

    @property
    def needs(self) -> Needs:
        """What the score needs, with `HISTORY` in the place of `MEMBERS`."""
        inner = self.score.needs
        return replace(inner, pool=(inner.pool - {MEMBERS}) | {HISTORY}, whole=frozenset())

    def rate(self, ctx: Context) -> FloatArray:
        """As the score rates the checkpoints."""
        return rated(self.score, self._inside(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """As the score says it."""
        steps = ctx.pool[HISTORY].shape[1]
        return [
            f"{why}; members are {steps} checkpoints" for why in self.score.explain(self._inside(ctx), rows, values)
        ]

    def _inside(self, ctx: Context) -> Context:
        """The same context with the outputs as members."""
        arrays = {MEMBERS: outputs_of(ctx, self)}
        arrays |= {signal: ctx.pool[signal] for signal in self.needs.pool - {HISTORY}}
        return replace(ctx, pool=View(ctx.size, arrays), whole=None)
