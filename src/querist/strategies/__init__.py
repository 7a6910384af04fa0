"""ROOM 3: what to ask next. Scores, selectors, filters and strategies, and the algebra that combines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.strategies import fusion
from querist.strategies.algebra import Filter, Part, Score, Selector, Strategy
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.strategies.selectors.top_k import TopK

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["PARTS", "register"]

PARTS: tuple[type[Part], ...] = (
    # scores
    Random,
    Margin,
    # fusions
    fusion.Rank,
    fusion.Zscore,
    fusion.Minmax,
    fusion.CostRatio,
    # selectors
    TopK,
)
"""Every registered part, one line each."""

_KINDS: tuple[tuple[type[Part], str], ...] = (
    (Score, "score"),
    (Selector, "selector"),
    (Filter, "filter"),
    (Strategy, "strategy"),
)


def register(registry: Registry) -> None:
    """The door of this room: every part of `PARTS` under its name and kind."""
    for part in PARTS:
        kind = next(kind for base, kind in _KINDS if issubclass(part, base))
        registry.add(kind, part.part_name(), part)
