"""Best span: the part of a sequence that is most worth a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import TOKENS, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.tokens import best_windows, entropies, margins, uncertain

__all__ = ["BestSpan"]

_BY = {"entropy": entropies, "margin": margins, "least_confidence": uncertain}


@dataclass(frozen=True, repr=False)
class BestSpan(Score):
    """The highest mean score of a run of ``shortest`` to ``longest`` neighbouring tokens; the reason names the run.

    So a sentence counts for its most uncertain part, and an annotator can be shown that part alone. An item of fewer
    tokens is taken whole. Among equal runs the shortest comes first, then the first.

    Source: Radmard, Fathullah and Lipani, Subsequence Based Deep Active Learning for Named Entity Recognition, 2021.
    There several runs of one sentence may be chosen; here the unit stays the item, rated by its best run.

    Args:
        by: "entropy" (nats), "margin" or "least_confidence" of a token.
        shortest: fewest tokens of a run.
        longest: most tokens of a run.
    """

    by: str = "entropy"
    shortest: int = 3
    longest: int = 10
    cell: ClassVar[str] = "sequence labelling"
    paper: ClassVar[str] = "Radmard, Fathullah and Lipani 2021"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        if self.by not in _BY:
            raise ArgumentError(f"by must be one of {', '.join(_BY)}; got {shorten(self.by)!r}", code="BadParameter")
        for name, value in (("shortest", self.shortest), ("longest", self.longest)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number ≥ 1, got {value!r}", code="BadParameter")
        if self.longest < self.shortest:
            raise ArgumentError(
                f"longest must be at least shortest, got {self.longest} and {self.shortest}", code="BadParameter"
            )

    @property
    def needs(self) -> Needs:
        """`TOKENS` of the pool."""
        return Needs(pool=frozenset({TOKENS}))

    def windows(self, tokens: Array) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """(N,) mean scores, (N,) first tokens (from 0), (N,) numbers of tokens of the best runs."""
        return best_windows(_BY[self.by](tokens), self.shortest, self.longest)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) mean scores of the best runs; 0 for an item without tokens."""
        return self.windows(ctx.pool[TOKENS])[0]

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The run, tokens counted from 1."""
        _, start, width = self.windows(ctx.pool[TOKENS][rows])
        return [
            f"tokens {a + 1} to {a + w}: mean {self.by.replace('_', ' ')} {v:.2f}"
            for v, a, w in zip(values, start, width, strict=True)
        ]
