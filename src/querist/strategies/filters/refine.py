"""Refine: keep what an ensemble of strategies proposes, several times over."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.seeds import derive
from querist.core.signals import Context, Needs
from querist.strategies.algebra import AnyPart, Filter, as_strategy
from querist.strategies.combinators import as_member, needs_of

__all__ = ["Refine"]


@dataclass(frozen=True, repr=False, init=False)
class Refine(Filter):
    """Keeps the union of batches that several strategies propose, and repeats on what was kept.

    In each of ``depth`` turns every strategy proposes ``batches`` / (number of strategies) batches of n (at least one),
    each from a random part of what is left; the union of the proposals is left for the next turn, a random ``largest``
    of it where it is larger. The parts hold ``first`` items in the first turn, then ``share`` of what is left, at least
    n. The paper then picks by coverage weighted by uncertainty: ``refine([...]) | uherding``.

    Source: Huseljic et al., Cleaning the Pool: Progressive Filtering of Unlabeled Pools in Deep Active Learning, 2025,
    and the authors' code.

    Args:
        strategies: one or more strategies that propose.
        depth: turns.
        batches: proposals of a turn, all strategies together.
        share: part of what is left that a proposal is drawn from, above 0 and at most 1.
        first: items that a proposal of the first turn is drawn from.
        largest: most items that a turn leaves.

    >>> str(Refine(["margin", "random"], depth=2))
    'refine([margin, random], depth=2)'
    """

    strategies: tuple[AnyPart, ...]
    depth: int = 5
    batches: int = 100
    share: float = 0.4
    first: int = 5000
    largest: int = 10000
    cell: ClassVar[str] = "hybrid: serial"
    paper: ClassVar[str] = "Huseljic et al. 2025"

    def __init__(
        self,
        strategies: Sequence[AnyPart | str],
        depth: int = 5,
        batches: int = 100,
        share: float = 0.4,
        first: int = 5000,
        largest: int = 10000,
    ) -> None:
        if isinstance(strategies, str) or not isinstance(strategies, Sequence) or not strategies:
            raise ArgumentTypeError(
                f"refine takes a list of strategies, e.g. refine([margin, typiclust]); got {shorten(strategies)}",
                code="BadParameter",
            )
        for name, value in (("depth", depth), ("batches", batches), ("first", first), ("largest", largest)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number ≥ 1, got {value!r}", code="BadParameter")
        if isinstance(share, bool) or not isinstance(share, numbers.Real):
            raise ArgumentTypeError(
                f"share must be a number above 0 and at most 1, got {type(share).__name__} {shorten(share)}",
                code="BadParameter",
            )
        if not 0 < float(share) <= 1:
            raise ArgumentError(f"share must be a number above 0 and at most 1, got {share}", code="BadParameter")
        values = (tuple(as_member(s) for s in strategies), depth, batches, float(share), first, largest)
        for field, value in zip(dataclasses.fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)

    @property
    def needs(self) -> Needs:
        """What all strategies need."""
        return needs_of(self.strategies)

    def needs_at(self, round: int) -> Needs:
        """What all strategies need after ``round`` fits."""
        return needs_of(self.strategies, round)

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows proposed in the last turn, sorted."""
        left = np.arange(ctx.size, dtype=np.int64)
        part = self.first
        for turn in range(self.depth):
            proposed = [
                self._proposal(ctx, left, max(part, n), n, place, f"{turn} {place} {time}")
                for place in range(len(self.strategies))
                for time in range(max(1, self.batches // len(self.strategies)))
            ]
            left = np.unique(np.concatenate(proposed))
            left = _lowest(ctx, left, max(self.largest, n), f"refine {turn}")
            part = math.floor(self.share * len(left))
        return left

    def _proposal(
        self, ctx: Context, left: NDArray[np.int64], part: int, n: int, place: int, name: str
    ) -> NDArray[np.int64]:
        rows = _lowest(ctx, left, part, f"refine {name}")
        inside = dataclasses.replace(ctx.take(rows), seed=derive(ctx.seed, "refine", name))
        chosen = as_strategy(self.strategies[place]).select(inside, min(n, len(rows)))
        return rows[chosen.indices]

    def describe(self, kept: int, of: int) -> str:
        """How many proposed, how many were left."""
        return f"among {kept:,} of {of:,} proposed by {len(self.strategies)} strategies over {self.depth} turns"


def _lowest(ctx: Context, rows: NDArray[np.int64], count: int, name: str) -> NDArray[np.int64]:
    """A random part of ``rows``, sorted, that depends on the items and not on their order: those of lowest key."""
    if count >= len(rows):
        return rows
    return np.sort(rows[np.argpartition(ctx.keys(name)[rows], count - 1)[:count]])
