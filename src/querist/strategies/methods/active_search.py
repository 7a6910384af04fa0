"""Active search: find as many items of a class as the budget allows, looking ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import EMBEDDING, LABELS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.look_ahead import Search, nearest_points

__all__ = ["ActiveSearch"]


@dataclass(frozen=True, repr=False)
class ActiveSearch(Strategy):
    """Efficient nonmyopic search (ENS) with a model of the k nearest neighbours.

    An item is of the class with probability (prior + S) / (1 + S + F), S and F being the items of the class and of
    others among those of its k nearest that are labelled. Each pick is the item with the largest expected number of
    items of the class found by it and, once its answer is known, by the ``horizon`` most likely items after it (and
    what is left of the batch). Within a batch, where no answer is at hand, and for pending items the answer "not of the
    class" is assumed. With nothing labelled all are equally likely, and items that are near to many come first. The
    scores are the expected numbers.

    Source: Jiang et al., Efficient Nonmyopic Active Search, 2017; batches by sequential simulation with a pessimistic
    answer as in Jiang, Malkomes, Abbott, Moseley and Garnett, Efficient Nonmyopic Batch Active Search, 2018.

    Args:
        label: number of the class that is searched, from 0.
        horizon: how many queries will follow the batch; 0 asks for what is most likely now.
        k: neighbours of an item.
        prior: probability of the class where nothing is known, above 0 and below 1.
    """

    label: int
    horizon: int = 100
    k: int = 50
    prior: float = 0.1
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Jiang et al. 2017; Garnett et al. 2012"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        for name, value, least in (("label", self.label, 0), ("horizon", self.horizon, 0), ("k", self.k, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ArgumentError(f"{name} must be a whole number ≥ {least}, got {value!r}", code="BadParameter")
        if isinstance(self.prior, bool) or not isinstance(self.prior, (int, float)):
            raise ArgumentTypeError(
                f"prior must be a number between 0 and 1, got {type(self.prior).__name__} {shorten(self.prior)}",
                code="BadParameter",
            )
        if not 0 < self.prior < 1:
            raise ArgumentError(f"prior must be a number between 0 and 1, got {self.prior}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool and, where they are there, of labelled items with `LABELS`, and of pending ones."""
        unfit = frozenset({"number", "labels", "spans"})
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING, LABELS}), unfit=unfit)

    def select(self, ctx: Context, n: int) -> Selection:
        """One pick after the other, each with what is left of the budget."""
        search, order = self._search(ctx)
        rows: list[int] = []
        scores: list[float] = []
        words: list[str] = []
        for pick in range(n):
            budget = self.horizon + n - 1 - pick
            row, expected = search.best(budget)
            p = float(search.chances()[row])
            rows.append(int(order[row]))
            scores.append(expected)
            words.append(
                f"of class {self.label} with probability {p:.2f}"
                + (f"; {expected:.2f} expected from it and {budget} queries more" if budget else "")
            )
            search.answer(row, target=False)
        return Selection(np.array(rows, dtype=np.int64), np.array(scores), tuple(words))

    def _search(self, ctx: Context) -> tuple[Search, np.ndarray]:
        """The pool in order of tie key, with what is known of its neighbours."""
        order = np.argsort(ctx.keys("active_search"), kind="stable")
        x = np.asarray(ctx.pool[EMBEDDING], dtype=np.float64)[order]
        points, targets = [np.zeros((0, x.shape[1]))], [np.zeros(0, dtype=bool)]
        if len(ctx.labelled) and EMBEDDING in ctx.labelled and LABELS in ctx.labelled:
            points.append(np.asarray(ctx.labelled[EMBEDDING], dtype=np.float64))
            targets.append(np.asarray(ctx.labelled[LABELS]) == self.label)
        if len(ctx.pending) and EMBEDDING in ctx.pending:
            points.append(np.asarray(ctx.pending[EMBEDDING], dtype=np.float64))
            targets.append(np.zeros(len(ctx.pending), dtype=bool))
        hits = np.concatenate([np.zeros(len(x), dtype=bool), *targets])
        known = np.arange(len(hits)) >= len(x)
        nearest = nearest_points(x, np.concatenate(points), self.k)
        found, missed = hits[nearest].sum(axis=1), (known & ~hits)[nearest].sum(axis=1)
        search = Search(nearest, found.astype(np.float64), missed.astype(np.float64), self.prior, 1.0 - self.prior)
        return search, order
