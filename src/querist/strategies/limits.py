"""Limits that hold for any strategy: so many a source document, so many a predicted class, so much money.

`Limit` asks the strategy inside, accepts in its order what fits, and asks again on what can still be chosen, with what
was accepted standing among the pending items, so that rules about distance and redundancy see it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count, choose
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, shorten
from querist.core.seeds import derive
from querist.core.signals import COST, GRAPH, GROUP, PROBS, Context, Needs, Selection, Signal, View
from querist.strategies.algebra import AnyPart, Strategy, as_strategy
from querist.strategies.combinators import as_member
from querist.strategies.filters.class_quota import Quotas, check_quotas, quota_of
from querist.strategies.kernels.quotas import predicted_classes
from querist.strategies.text import Form, call

__all__ = ["Limit"]


@dataclass(frozen=True, repr=False, init=False)
class Limit(Strategy):
    """What a strategy chooses, within limits that count the items of the batch.

    The strategy is asked for the batch; in its order each item that fits is accepted. Items that can no longer be chosen
    leave the pool, and the strategy is asked again for what is missing, until the batch is full. In those further asks
    the accepted items stand among the pending ones, with every signal that the strategy takes into account there; random
    draws are fresh ones, unless a bandit inside must play the same arm again. Where no limit binds, the answer is the
    strategy's own.

    A limit is a limit: where fewer items fit than were asked, it is refused and the error says how many fit. Only money
    gives fewer items without an error, for that is what a budget is for. In a session the strategy of the asks before the
    first fit is ``start``: write the limit there too.

    Args:
        strategy: what chooses: any strategy, score or selector that does not itself stop short.
        per_group: most items of a group (``group``: the source document, the patient, the video).
        per_class: most items of a predicted class (largest of ``probs``), or a mapping from class number to that; classes
            that a mapping does not name are not limited.
        budget: most that the answers may cost together (``cost``). The batch ends when the next answer would exceed it;
            items dearer than the whole budget are left out from the start.
        fill: pass over an item that is too dear and go on with cheaper ones, until nothing fits. With
            ``cost_ratio(score)`` inside this is the greedy knapsack by score per cost.

    Source: ours; the knapsack rule is Dantzig, Discrete-Variable Extremum Problems, 1957.

    >>> str(Limit("margin", per_group=2, budget=30))
    'limit(margin, per_group=2, budget=30)'
    """

    strategy: AnyPart
    per_group: int | None = None
    per_class: int | Quotas | None = None
    budget: float | None = None
    fill: bool = False
    cell: ClassVar[str] = "filter"

    def __init__(
        self,
        strategy: AnyPart | str,
        per_group: int | None = None,
        per_class: int | Mapping[int, int] | None = None,
        budget: float | None = None,
        fill: bool = False,
    ) -> None:
        inner = as_member(strategy)
        if as_strategy(inner).may_stop_short:
            raise ArgumentError(
                f"{inner} may already choose fewer items than are asked; write all limits in one: "
                "limit(..., per_group=2, budget=30)",
                code="BadParameter",
            )
        if per_group is None and per_class is None and budget is None:
            raise ArgumentError(
                f"limit sets no limit: give per_group, per_class or budget, e.g. limit({inner}, per_group=2)",
                code="BadParameter",
            )
        if not isinstance(fill, bool):
            raise ArgumentTypeError(f"fill must be True or False, got {shorten(fill)}", code="BadParameter")
        if fill and budget is None:
            raise ArgumentError("fill says how a budget is spent: give budget too", code="BadParameter")
        object.__setattr__(self, "strategy", inner)
        object.__setattr__(self, "per_group", None if per_group is None else check_count(per_group, "per_group"))
        object.__setattr__(self, "per_class", None if per_class is None else check_quotas(per_class, "per_class"))
        object.__setattr__(self, "budget", None if budget is None else _money(budget))
        object.__setattr__(self, "fill", fill)

    @property
    def may_stop_short(self) -> bool:
        """With a budget, yes."""
        return self.budget is not None

    @property
    def needs(self) -> Needs:
        """What the strategy needs, and `GROUP`, `PROBS` or `COST` of the pool for the limits set."""
        return self.strategy.needs | self._own

    def needs_at(self, round: int) -> Needs:
        """The same after ``round`` fits."""
        return self.strategy.needs_at(round) | self._own

    @property
    def _own(self) -> Needs:
        set_ = ((self.per_group, GROUP), (self.per_class, PROBS), (self.budget, COST))
        return Needs(pool=frozenset(signal for limit, signal in set_ if limit is not None))

    def select(self, ctx: Context, n: int) -> Selection:
        """Ask, accept what fits, ask again.

        Raises:
            StateError: fewer items fit than were asked, or the budget buys none (code ``NothingAvailable``).
        """
        n = min(n, ctx.size)
        inner, uses = as_strategy(self.strategy), self.strategy.needs_at(ctx.round).uses
        quotas, purse = self._quotas(ctx), self._purse(ctx)
        gates: list[_Quota | _Purse] = [*quotas, purse]
        taken: dict[int, tuple[float, str]] = {}
        now, here = ctx, np.arange(ctx.size)  # the narrowed context, and its rows in numbers of the whole pool
        waiting = [ctx.pending] if any(signal in ctx.pending for signal in uses) and len(ctx.pending) else []
        free = np.ones(ctx.size, dtype=bool)
        arm: str | None = None
        turn, spent = 0, False
        while len(taken) < n and not spent:
            fits = np.all([free, *(gate.open() for gate in gates)], axis=0)[here]
            if not fits.any():
                break
            if not fits.all():
                now, here = now.take(np.flatnonzero(fits)), here[fits]
            asked = replace(
                now,
                pending=_together(waiting, uses) if turn else ctx.pending,
                seed=derive(ctx.seed, "limit", turn) if turn and arm is None else ctx.seed,
            )
            chosen = choose(inner, asked, min(n - len(taken), len(here)))
            accepted: list[int] = []
            for place, score, reason in zip(chosen.indices.tolist(), chosen.scores.tolist(), _reasons(chosen)):
                row = int(here[place])
                if not all(gate.fits(row) for gate in quotas):
                    continue
                if not purse.fits(row):
                    if self.fill:
                        continue
                    spent = True
                    break
                words = [gate.take(row) for gate in gates]
                taken[row] = (score, "; ".join(word for word in (reason, *words) if word))
                accepted.append(place)
                free[row] = False
            gone = np.array(accepted, dtype=np.int64)
            waiting.append(now.pool.take(gone))
            if now.whole is not None:
                now = replace(now, whole=now.whole.waiting(gone))
            arm = chosen.arm if arm is None else arm
            turn += 1
        self._enough(taken, n, ctx.size, quotas, purse)
        return Selection(
            np.array(list(taken), dtype=np.int64),
            np.array([score for score, _ in taken.values()], dtype=np.float64),
            tuple(reason for _, reason in taken.values()),
            arm=arm,
        )

    def _quotas(self, ctx: Context) -> list[_Quota]:
        out: list[_Quota] = []
        if self.per_group is not None:
            names, codes = np.unique(np.asarray(ctx.pool[GROUP]), return_inverse=True)
            most = np.full(len(names), self.per_group)
            out.append(_Quota("groups", "in group", names, codes.reshape(-1), most))
        if self.per_class is not None:
            probs = ctx.pool[PROBS]
            most = np.array([quota_of(self.per_class, c, most=ctx.size) for c in range(probs.shape[1])])
            out.append(
                _Quota("predicted classes", "predicted as class", np.arange(len(most)), predicted_classes(probs), most)
            )
        return out

    def _purse(self, ctx: Context) -> _Purse:
        if self.budget is None:
            return _Purse(np.zeros(ctx.size), math.inf, False)
        cost = np.asarray(ctx.pool[COST], dtype=np.float64)
        if cost.min() < 0:
            raise DataError(f"cost must not be negative; the smallest is {cost.min():.4g}", code="BadScores")
        return _Purse(cost, self.budget, self.fill)

    def _enough(self, taken: Mapping[int, object], n: int, size: int, quotas: Sequence[_Quota], purse: _Purse) -> None:
        """Refuse too few items, unless there is an item for which only the money is missing."""
        if len(taken) == n:
            return
        left = np.all([np.ones(size, dtype=bool), *(gate.open() for gate in quotas)], axis=0)
        left[list(taken)] = False
        if taken and left.any():
            return
        if left.any():
            raise StateError(
                f"{self}: the budget of {self.budget:g} buys no answer; the cheapest costs {purse.cost.min():g}",
                code="NothingAvailable",
            )
        full = " and ".join(gate.full() for gate in quotas)
        raise StateError(
            f"{self}: {len(taken)} of {size} items fit where {n} were asked ({full}); raise the limit or ask for fewer",
            code="NothingAvailable",
        )

    def form(self, f: Form) -> str:
        """``limit(strategy, per_group=2, per_class={0: 5}, budget=30, fill=True)``."""
        pairs: list[tuple[str | None, Any]] = [(None, self.strategy)]
        per_class = dict(self.per_class) if isinstance(self.per_class, tuple) else self.per_class
        for name, value in (("per_group", self.per_group), ("per_class", per_class), ("budget", self.budget)):
            if value is not None:
                pairs.append((name, value))
        if self.fill:
            pairs.append(("fill", True))
        return call(f, "Limit" if f.python else "limit", pairs)


class _Quota:
    """At most so many of each group or class."""

    def __init__(
        self, what: str, one: str, names: NDArray[Any], codes: NDArray[np.int64], most: NDArray[np.int64]
    ) -> None:
        self.what, self.one, self.names, self.codes, self.most = what, one, names, codes, most
        self.used = np.zeros(len(most), dtype=np.int64)

    def open(self) -> NDArray[np.bool_]:
        """(N,) whether one more of the row's kind may be chosen."""
        return np.asarray((self.used < self.most)[self.codes])

    def fits(self, row: int) -> bool:
        """Whether one more of this row's kind may be chosen."""
        code = self.codes[row]
        return bool(self.used[code] < self.most[code])

    def take(self, row: int) -> str:
        """Count a row; says where it stands."""
        code = self.codes[row]
        self.used[code] += 1
        if self.most[code] >= len(self.codes):  # not limited
            return ""
        return f"number {self.used[code]} of at most {self.most[code]} {self.one} {self.names[code]}"

    def full(self) -> str:
        """How many kinds have all they may have."""
        kinds = np.unique(self.codes)
        full = int((self.used[kinds] >= self.most[kinds]).sum())
        return f"{full} of {len(kinds)} {self.what} are full"


class _Purse:
    """Money that is left."""

    def __init__(self, cost: NDArray[np.float64], budget: float, fill: bool) -> None:
        self.cost, self.budget, self.fill = cost, budget, fill
        self.spent = 0.0

    def fits(self, row: int) -> bool:
        """Whether a row can be paid."""
        return self.spent + float(self.cost[row]) <= self.budget * (1 + 1e-12)

    def open(self) -> NDArray[np.bool_]:
        """(N,) whether a row can be paid from what is left; without ``fill``, from the whole budget."""
        spent = self.spent if self.fill else 0.0
        return np.asarray(spent + self.cost <= self.budget * (1 + 1e-12))

    def take(self, row: int) -> str:
        """Pay for a row; says what is spent."""
        if self.budget == math.inf:
            return ""
        self.spent += float(self.cost[row])
        return f"costs {self.cost[row]:g}, {self.spent:g} of {self.budget:g} spent"


def _together(views: Sequence[View], uses: frozenset[Signal]) -> View:
    """Several views as one, read when asked: of the signals used, those that all of them have."""
    shared = frozenset(s for s in uses if s is not GRAPH and all(s in view for view in views))

    def load(names: frozenset[Signal], rows: NDArray[np.int64] | None) -> Mapping[Signal, Any]:
        out: dict[Signal, Any] = {}
        for signal in names & shared:
            parts = [view[signal] for view in views]
            if isinstance(parts[0], tuple):
                whole: Any = tuple(np.concatenate(factors) for factors in zip(*parts, strict=True))
                out[signal] = whole if rows is None else tuple(factor[rows] for factor in whole)
            else:
                whole = np.concatenate(parts)
                out[signal] = whole if rows is None else whole[rows]
        return out

    return View(sum(len(view) for view in views), role="pending", load=load, wanted=shared)


def _reasons(chosen: Selection) -> tuple[str, ...]:
    return chosen.reasons or ("",) * len(chosen)


def _money(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ArgumentTypeError(
            f"budget must be a number above 0, got {type(value).__name__} {shorten(value)}", code="BadParameter"
        )
    if not 0 < value < math.inf:
        raise ArgumentError(f"budget must be a number above 0, got {value}", code="BadParameter")
    return value
