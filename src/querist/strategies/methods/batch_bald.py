"""BatchBALD: the batch whose answers together tell most about the model."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import MEMBERS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.batch_information import Configurations, lazy_picks
from querist.strategies.kernels.members import information
from querist.strategies.scores.committee import NOT_CLASSES, one_model_each, passing_members

__all__ = ["BatchBald"]

_ROUNDING = 2e-6
"""Nats; what float32 may be off by."""
_NOISE = 1e-2
"""Nats; below it an estimate from configurations orders nothing."""
_SPENT = 0.02
"""Share of log S; when no more is left, S members are too few to tell further picks apart."""


@dataclass(frozen=True, repr=False)
class BatchBald(Strategy):
    """Greedy for the mutual information of the model and all labels of the batch: no two picks tell the same.

    The first pick is the row of largest `bald`; the scores are what each pick adds to the joint information, in nats, so
    they fall from pick to pick, and their sum is the joint information of the batch. Labelled items play no part;
    pending ones count as chosen before (their `members`). The information is exact while the labels of the batch have at
    most ``configurations`` configurations (C^b for b items of C classes), and estimated from as many
    configurations beyond; the reasons say which. An estimated gain of a given row is unbiased, but the largest of many is
    high by a few per cent. The joint information cannot pass log S: when nothing is left to learn (an
    estimated gain below 0.01 nats, or 98 % of log S told by estimate), the rest comes in order of `bald`, with
    score 0.

    Sample s of ``members`` must be one model for all items (an ensemble, or the same dropout masks for the whole pool);
    members given with ``consistent=False`` are refused.

    Args:
        configurations: how many configurations of labels are kept, at least 1.

    Source: Kirsch, van Amersfoort and Gal, BatchBALD: Efficient and Diverse Batch Acquisition for Deep Bayesian Active
    Learning, 2019, algorithm 1.
    """

    configurations: int = 1000
    cell: ClassVar[str] = "Bayesian"
    paper: ClassVar[str] = "Kirsch, van Amersfoort and Gal 2019"

    def __post_init__(self) -> None:
        """Refuse a bad number when it is written, not when it is used."""
        value = self.configurations
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise ArgumentTypeError(
                f"configurations must be a whole number ≥ 1, got {type(value).__name__} {shorten(value)}",
                code="BadParameter",
            )
        if value < 1:
            raise ArgumentError(f"configurations must be a whole number ≥ 1, got {value}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool; of pending items where they are there."""
        return Needs(pool=frozenset({MEMBERS}), uses=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def select(self, ctx: Context, n: int) -> Selection:
        """Greedy, with lazy evaluation."""
        one_model_each(self, ctx)
        members, look = passing_members(self, ctx)
        short = members.dtype.kind == "f" and members.dtype.itemsize <= 4
        dtype = np.dtype(np.float32 if short else np.float64)
        labels = Configurations(members.shape[1], dtype, int(self.configurations), ctx.generator("batch_bald"))
        waiting = ctx.pending[MEMBERS] if len(ctx.pending) and MEMBERS in ctx.pending else members[:0]
        for item in waiting:
            labels.add(item)
        exact: list[bool] = []

        def add(row: int) -> None:
            exact.append(labels.exact)
            labels.add(members[row])

        alone = information(members, look=look)

        def dry() -> float:
            if labels.exact:
                return 2 * _ROUNDING
            return _NOISE if labels.left() > _SPENT * np.log(members.shape[1]) else np.inf

        def screen() -> Callable[[NDArray[np.int64]], NDArray[np.float64]] | None:
            merged = labels.merged()
            return None if merged is None else lambda some: merged.gains(members[some])

        rows, added = lazy_picks(
            alone,
            n,
            lambda some: labels.gains(members[some]),
            add,
            ctx.keys("top_k"),  # so that a batch of one is `bald` in its ties too
            known=not len(waiting),
            rounding=_ROUNDING,
            dry=dry,
            screen=screen,
        )
        exact += [labels.exact] * (n - len(exact))
        told = np.minimum(np.concatenate([[0.0], np.cumsum(added)[:-1]]), np.log(members.shape[1]))
        words = []
        for row, gain, before, sure in zip(rows.tolist(), added, told, exact, strict=True):
            guess = "" if sure else f" (estimated from {len(labels.weights):,} configurations of labels)"
            if gain > 0:
                words.append(
                    f"an answer adds {gain:.2g} nats about the model to {before:.2g} of the picks before it{guess}"
                )
            else:
                words.append(
                    f"the picks before it tell all there is to tell; next by bald ({alone[row]:.2g} nats){guess}"
                )
        return Selection(rows, added, tuple(words))
