"""ALFA-Mix: items whose class changes when a little of a labelled class is mixed into their features."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.k_means import k_means, nearest_rows
from querist.strategies.kernels.linear_head import farthest, flips, head_gram
from querist.strategies.kernels.order import top

__all__ = ["AlfaMix"]

_LARGEST = 1.0


@dataclass(frozen=True, repr=False)
class AlfaMix(Strategy):
    """Items whose predicted class flips when labelled features are mixed in, one from each of n clusters of them.

    The features h of an item are mixed with an anchor, the mean z of the labelled features of a class (of all of them
    where a class has none): h + alpha (z - h), alpha being the closed form of the paper,
    alpha = e |z - h| g / (|g| (z - h)), with e = ``epsilon`` / sqrt(D) and g = W^T (p - onehot(argmax p)). Candidates
    are the rows whose class flips for any anchor. When fewer than n do, e is raised in steps of itself up to 1 /
    sqrt(D), as the authors' code does; when that is not enough, by the rows that would flip at the next larger e.
    k-means of the candidates into n clusters; the candidate nearest to each centre.

    The mix is h + e |z - h| g / |g|, so the anchor gives the length of the step alone, and the farthest anchor decides.
    The head W is recovered from ``probs`` and ``embedding`` by least squares of the centred log-probabilities with an
    intercept: exactly so for a softmax over a linear layer on that embedding, else the nearest linear head.

    The scores are the least ``epsilon`` that flips, negative; NaN where none does.

    Source: Parvaneh, Abbasnejad, Teney, Haffari, van den Hengel and Shi, Active Learning by Feature Mixing, 2022.

    Args:
        epsilon: how much is mixed in at first, times sqrt(D); above 0.
    """

    epsilon: float = 0.2
    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Parvaneh et al. 2022"
    equivariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse an epsilon that is not above 0."""
        if isinstance(self.epsilon, bool) or not isinstance(self.epsilon, numbers.Real):
            raise ArgumentTypeError(
                f"epsilon must be a number above 0, got {type(self.epsilon).__name__} {shorten(self.epsilon)}",
                code="BadParameter",
            )
        if not 0 < self.epsilon < math.inf:
            raise ArgumentError(f"epsilon must be a number above 0, got {self.epsilon}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool, `EMBEDDING` and `LABELS` of labelled items."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}), labelled=frozenset({EMBEDDING, LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Candidates, clusters, nearest rows.

        Raises:
            ArgumentError: nothing is labelled (code ``MissingSignal``).
        """
        x, p, keys = ctx.pool[EMBEDDING], ctx.pool[PROBS], ctx.keys("alfa_mix")
        lengths, other = flips(p, head_gram(x, p, keys))
        away = farthest(x, _anchors(ctx, p.shape[1]))
        least = np.full(len(lengths), np.inf)
        np.divide(lengths * math.sqrt(x.shape[1]), away, out=least, where=np.isfinite(lengths) & (away > 0))
        candidates = self._candidates(least, n, keys)
        centres = k_means(x[candidates], n, ctx.generator("alfa_mix"))
        local, _ = nearest_rows(x[candidates], centres, keys[candidates])
        rows = candidates[local].astype(np.int64)
        words = tuple(_why(float(least[r]), int(p[r].argmax()), int(other[r])) for r in rows.tolist())
        return Selection(rows, np.where(np.isfinite(least[rows]), -least[rows], np.nan), words)

    def _candidates(self, least: NDArray[np.float64], n: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Sorted rows that flip at the first step that gives n of them; the n nearest to flipping where none does."""
        limit = float(self.epsilon)
        while (count := np.count_nonzero(least < limit)) < n and limit < _LARGEST:
            limit += self.epsilon
        if count >= n:
            return np.flatnonzero(least < limit)
        return np.sort(top(-np.minimum(least, 1e300), n, keys))


def _anchors(ctx: Context, classes: int) -> NDArray[np.float64]:
    """(A, D) mean embedding of each labelled class, and of all labelled items where a class has none."""
    known = np.asarray(ctx.labelled[EMBEDDING], dtype=np.float64)
    labels = np.asarray(ctx.labelled[LABELS])
    if not len(known):
        raise ArgumentError(
            "alfa_mix needs embedding and labels of at least one labelled item; pass labelled={'embedding': ..., "
            "'labels': ...}",
            code="MissingSignal",
        )
    present = np.unique(labels)
    means = [known[labels == c].mean(axis=0) for c in present]
    if len(present) < classes:
        means.append(known.mean(axis=0))
    return np.array(means)


def _why(least: float, label: int, other: int) -> str:
    if not math.isfinite(least):
        return f"keeps class {label} whatever is mixed in; nothing else was left"
    return f"class {label} turns into {other} when {least:.3g} / √D of a labelled class is mixed in"
