"""Dense: ask only where the stream is crowded, a rule for `querist.StreamSampler`."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs
from querist.strategies.acceptance import Memory, Moment, Rule, between_0_and_1
from querist.strategies.algebra import Score

__all__ = ["Dense"]


@dataclass(frozen=True)
class Dense(Rule):
    """`randomised`, but only for items that become the nearest neighbour of an item in the window.

    The local density of an item is the number of items in the window whose nearest neighbour so far it becomes; where
    that is 0 the item lies off the crowd, is not asked, and the threshold stays. A dense item is asked while its
    confidence, 1 - rating, is below the threshold times a normal number of mean 1; the threshold falls with every label
    and rises with every dense item that is passed. `margin` is the paper's score. Euclidean distance of the
    ``embedding``, which the rule reads beside what the score needs.

    Source: Ienco, Pfahringer and Zliobaite, High Density-Focused Uncertainty Sampling for Active Learning over Evolving
    Stream Data, 2014 (DBALStream).

    Args:
        start: first threshold.
        step: relative change of the threshold for each dense item.
        deviation: standard deviation of the factor.
        window: items that are remembered.
    """

    start: float = 1.0
    step: float = 0.01
    deviation: float = 1.0
    window: int = 100
    name: ClassVar[str] = "dense"

    @property
    def needs(self) -> Needs:
        """`EMBEDDING`."""
        return Needs(pool=frozenset({EMBEDDING}))

    def begin(self) -> Memory:
        """An empty window."""
        return {"threshold": float(self.start), "points": np.empty((0, 0)), "nearest": np.empty(0)}

    def values(self, ctx: Context, score: Score | None) -> NDArray[np.float64]:
        """(n, 1 + D): the rating, which lies between 0 and 1, and the embedding."""
        ratings = between_0_and_1(super().values(ctx, score), self.name, score)
        return np.column_stack([ratings, np.asarray(ctx.pool[EMBEDDING], dtype=np.float64)])

    def save(self, memory: Memory) -> Memory:
        """Arrays as lists; the only item of a window has no neighbour, which is null."""
        nearest = [None if np.isinf(v) else v for v in memory["nearest"].tolist()]
        return {"threshold": memory["threshold"], "points": memory["points"].tolist(), "nearest": nearest}

    def restore(self, saved: Memory) -> Memory:
        """The same arrays."""
        nearest = np.array([np.inf if v is None else v for v in saved["nearest"]], dtype=np.float64)
        points = np.array(saved["points"], dtype=np.float64).reshape(len(nearest), -1)
        return {"threshold": float(saved["threshold"]), "points": points, "nearest": nearest}

    def wants(self, now: Moment, memory: Memory) -> bool:
        """Dense, and less sure than the threshold."""
        density = self._density(now.value[1:], memory)
        if not now.affordable or density == 0:
            return False
        factor = 1.0 + self.deviation * NormalDist().inv_cdf(now.draw("dense"))
        asks = bool(1.0 - float(now.value[0]) < memory["threshold"] * factor)
        memory["threshold"] *= 1.0 - self.step if asks else 1.0 + self.step
        return asks

    def _density(self, x: NDArray[np.float64], memory: Memory) -> int:
        """How many items of the window have ``x`` as their new nearest neighbour; ``x`` then joins the window."""
        points, nearest, own, density = memory["points"], memory["nearest"], np.inf, 0
        if len(points):
            distances = np.sqrt(np.square(points - x).sum(axis=1))
            closer = distances < nearest
            density, own = int(closer.sum()), float(distances.min())
            nearest = np.where(closer, distances, nearest)
        else:
            points = points.reshape(0, len(x))
        memory["points"] = np.concatenate([points, x[None]])[-self.window :]
        memory["nearest"] = np.append(nearest, own)[-self.window :]
        return density
