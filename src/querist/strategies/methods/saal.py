"""SAAL: items whose loss gets bad under perturbation, spread over how bad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Needs, Selection
from querist.strategies.algebra import Strategy, rated
from querist.strategies.kernels.d2_sampling import d2_sample
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.order import top
from querist.strategies.scores.sharpness import Sharpness

__all__ = ["Saal"]


@dataclass(frozen=True, repr=False)
class Saal(Strategy):
    """k-means++ seeding on the numbers that `sharpness` gives: the sharpest item first, then by squared difference.

    Only the sharpness of an item counts, so the batch spreads over sharp and flat items and not over the pool. For a
    spread over features write ``sharpness >> kmeans_pp``.

    Args:
        difference: as in `sharpness`.

    Source: Kim, Cho, Jang, Na, Kim, Song, Kang and Moon, SAAL: Sharpness-Aware Active Learning, 2023, with the seeding
    of its code.
    """

    difference: bool = False
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Kim et al. 2023"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """As `sharpness` does."""
        object.__setattr__(self, "difference", Sharpness(self.difference).difference)

    @property
    def needs(self) -> Needs:
        """What `sharpness` needs."""
        return Sharpness(self.difference).needs

    def select(self, ctx: Context, n: int) -> Selection:
        """The sharpest, then D^2 sampling on the ratings."""
        score = Sharpness(self.difference)
        values = np.asarray(rated(score, ctx), dtype=np.float64)
        start = int(top(values, 1, ctx.keys("saal"))[0])
        geometry = Euclidean(values[:, None])
        rows, squared = d2_sample(geometry, n, np.full(ctx.size, np.inf), ctx.generator("saal"), first=start)
        apart = np.sqrt(np.maximum(squared, 0.0))
        why = score.explain(ctx, rows, values[rows])
        words = [f"{w}, {d:.3g} from those chosen" for w, d in zip(why, apart.tolist(), strict=True)]
        words[0] = f"{why[0]}, the most of all"
        return Selection(rows, values[rows], tuple(words))
