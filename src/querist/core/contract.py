"""Holding a strategy to its contract: distinct rows of the pool, exactly as many as were asked."""

from __future__ import annotations

import dataclasses
import numbers

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, StateError, shorten
from querist.core.ports import Strategy
from querist.core.signals import Context, Needs, Selection

__all__ = ["check_count", "choose", "needs_now"]


def choose(strategy: Strategy, ctx: Context, n: int) -> Selection:
    """Select and hold the strategy to its contract.

    A strategy whose attribute ``may_stop_short`` is true (a budget in money) may give fewer rows, but at least one.

    Raises:
        StateError: it gave a wrong number of rows, a row twice or outside the pool (code ``StrategyContract``).
    """
    n = min(n, ctx.size)
    chosen = strategy.select(ctx, n)
    rows = np.asarray(chosen.indices)
    count = len(rows) if getattr(strategy, "may_stop_short", False) and rows.ndim and 0 < len(rows) < n else n
    fault = ""
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        fault = f"gave indices of shape {rows.shape} and type {rows.dtype}, not a list of whole numbers"
    elif len(rows) != count:
        fault = f"gave {len(rows)} rows where {n} were asked"
    elif len(rows) and (rows.min() < 0 or rows.max() >= ctx.size):
        bad = int(rows[(rows < 0) | (rows >= ctx.size)][0])
        fault = f"gave row {bad}, which is not in the pool of {ctx.size} items (a labelled item, or no item)"
    elif len(np.unique(rows)) != count:
        values, counts = np.unique(rows, return_counts=True)
        fault = f"gave row {int(values[counts > 1][0])} more than once"
    elif len(chosen.scores) != count or len(chosen.reasons) not in (0, count):
        fault = f"gave {len(chosen.scores)} scores and {len(chosen.reasons)} reasons for {count} rows"
    if fault:
        raise StateError(
            f"strategy {strategy} broke its contract: it {fault}; mend the strategy", code="StrategyContract"
        )
    return dataclasses.replace(
        chosen, indices=rows.astype(np.int64), scores=np.asarray(chosen.scores, dtype=np.float64)
    )


def needs_now(strategy: Strategy, round: int) -> Needs:
    """What a strategy needs after ``round`` fits; a combinator such as ``switch`` needs less than all its parts."""
    at = getattr(strategy, "needs_at", None)
    return strategy.needs if at is None else at(round)


def check_count(n: object, name: str) -> int:
    """``n`` as an int of at least 1; ``name`` is how the caller called it.

    Raises:
        ArgumentTypeError: not a whole number (code ``BadCount``).
        ArgumentError: below 1 (code ``BadCount``).
    """
    if isinstance(n, (bool, np.bool_)) or not isinstance(n, (numbers.Integral, np.integer)):
        raise ArgumentTypeError(
            f"{name} must be a whole number ≥ 1, got {type(n).__name__} {shorten(n)}", code="BadCount"
        )
    if int(n) < 1:
        raise ArgumentError(f"{name} must be ≥ 1, got {int(n)}", code="BadCount")
    return int(n)
