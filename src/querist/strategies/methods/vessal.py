"""VeSSAL on a pool: one pass of volume sampling over the gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.seeds import uniform
from querist.core.signals import GRADIENT, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.volume import Moments, outer_features, volume_pass

__all__ = ["Vessal"]


@dataclass(frozen=True, repr=False)
class Vessal(Strategy):
    """One pass over the pool that takes an item with probability in proportion to the volume it adds to those taken.

    For an item with last-layer gradient g = a (x) h, S = ridge I + sum of g g' over items taken and pending ones, A the
    mean of g g' over the items passed so far:

        p = min(1, (n - taken) / (items left) * g' S^-1 g / tr(S^-1 A))

    so that large gradients unlike those taken are favoured. Items are passed in an order drawn by the seed; what the pass
    leaves short is filled up with the first items that it passed over.
    Gradients wider than ``width`` are tensor-sketched into it. N width^2 operations in blocks. The scores are the volumes
    g' S^-1 g at the time of the pick, 0 for what is filled up.

    `querist.StreamSampler("vessal")` is the same rule for items that come one by one.

    Source: Saran, Yousefi, Krishnamurthy, Langford and Ash, Streaming Active Learning with Deep Neural Networks, 2023,
    algorithm 1, with the rate of the authors' code for a pool of known size.

    Args:
        width: numbers an item at most.
        ridge: what S begins with, times the identity.
    """

    width: int = 256
    ridge: float = 0.01
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Saran et al. 2023"

    def __post_init__(self) -> None:
        """Check both numbers."""
        object.__setattr__(self, "width", check_count(self.width, "width"))
        if isinstance(self.ridge, bool) or not isinstance(self.ridge, (int, float)):
            raise ArgumentTypeError(
                f"ridge must be a number above 0, got {type(self.ridge).__name__} {shorten(self.ridge)}",
                code="BadParameter",
            )
        if not 0 < self.ridge < float("inf"):
            raise ArgumentError(f"ridge must be a number above 0, got {self.ridge}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`GRADIENT` of the pool; of pending items where it is there."""
        return Needs(pool=frozenset({GRADIENT}), uses=frozenset({GRADIENT}))

    def select(self, ctx: Context, n: int) -> Selection:
        """One pass, then what is missing."""
        a, h = ctx.pool[GRADIENT]

        def features(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            return outer_features(a[rows], h[rows], self.width, ctx.seed)

        keys = ctx.keys("vessal order")
        order = np.argsort(keys).astype(np.int64)
        moments = Moments(features(order[:1]).shape[1], float(self.ridge))
        if len(ctx.pending) and GRADIENT in ctx.pending:
            a_sent, h_sent = ctx.pending[GRADIENT]
            for g in outer_features(a_sent, h_sent, self.width, ctx.seed):
                moments.accept(g)
        rows, volumes = volume_pass(features, order, n, uniform(ctx.keys("vessal draw")), moments)
        words = [f"its gradient adds volume to those chosen (by a factor of {1.0 + v:.3g})" for v in volumes]
        if len(rows) < n:
            rest = order[~np.isin(order, rows)][: n - len(rows)].tolist()
            rows, volumes = rows + rest, volumes + [0.0] * len(rest)
            words += ["drawn at random, one pass having left the batch short"] * len(rest)
        return Selection(np.array(rows, dtype=np.int64), np.array(volumes), tuple(words))
