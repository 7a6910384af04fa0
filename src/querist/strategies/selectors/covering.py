"""What facility location, max herding and ProbCover share: greedy coverage of the pool by a kernel."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import FloatArray, Selector
from querist.strategies.kernels.coverage import Covered, cover_greedily
from querist.strategies.kernels.similarity import Similarity
from querist.strategies.selectors.known import known_points

__all__ = ["Covering"]


@dataclass(frozen=True, repr=False)
class Covering(Selector):
    """Greedy for the sum over pool rows of score times the largest kernel value to a labelled, pending or chosen row.

    Scores below 0 count as 0; where all are 0, and without scores, rows weigh alike. When nothing is left to cover, any
    remaining row, by the tie key. The scores of the selection are what each pick adds to the sum.
    """

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    @abstractmethod
    def similarity(self, ctx: Context) -> tuple[Similarity, str]:
        """The rows with their kernel, and words for how near is covered, e.g. "within 0.8"."""

    def pick(self, ctx: Context, n: int, scores: FloatArray | None) -> Selection:
        """Greedily, each pick adding the most."""
        sim, words = self.similarity(ctx)
        cover = sim.nearest_to(known_points(ctx, EMBEDDING, _as_given))
        weights = np.ones(sim.size) if scores is None else np.maximum(np.asarray(scores, dtype=np.float64), 0.0)
        if weights.max() <= 0:
            weights[:] = 1.0
        weights /= max(float(weights.max()), 1e-300)  # float32 sums of large scores stay finite
        scale = 1.0 if scores is None else max(float(np.max(scores)), 0.0) or 1.0
        found = cover_greedily(sim, n, cover, weights, ctx.keys(self.part_name()))
        return Selection(found.rows, found.gains * scale, tuple(self._sentence(found, at, words) for at in range(n)))

    def _sentence(self, found: Covered, at: int, words: str) -> str:
        helped = int(found.helped[at])
        if not helped:
            return "nothing is left to cover"
        return f"covers {helped:,} item{'s' * (helped != 1)} {words}"


def _as_given(points: object) -> NDArray[np.float64]:
    return np.asarray(points, dtype=np.float64)
