"""Class quota: so many items of each predicted class go on, however common the class is."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import Filter, Score, as_score, rated
from querist.strategies.kernels.quotas import even_quotas, predicted_classes, within_quotas
from querist.strategies.text import Form, call

__all__ = ["ClassQuota", "check_quotas", "quota_of"]

Quotas = tuple[tuple[int, int], ...]


@dataclass(frozen=True, repr=False, init=False)
class ClassQuota(Filter):
    """Keeps of each predicted class the items of highest score, up to a quota; without a score a uniform draw.

    The rule, with the predicted class being the largest of ``probs``, the first of equals:

    - ``per`` a number: at most so many of every class. ``per`` a mapping, ``class_quota({0: 5, 2: 50})``: at most so
      many of the classes named; classes not named are not limited, and 0 drops a class. Quotas are hard: where they
      leave fewer items than the batch, it is refused.
    - ``times``: ``times`` * batch items in all, as evenly over the predicted classes as their numbers allow. Classes
      with few items give all of them and the others make up for it, so that at least the batch is always left.

    Source: common practice; the class balancer of several libraries. With a rating it is the rule inside each stratum.

    Args:
        per: most items of a class, or a mapping from class number to that.
        times: how many times the batch is kept, at least 1. Exactly one of ``per`` and ``times`` is given.
        score: what rates the items of a class against each other.

    >>> str(ClassQuota({0: 5, 2: 50}, score="margin"))
    'class_quota({0: 5, 2: 50}, score=margin)'
    """

    per: int | Quotas | None = None
    times: float | None = None
    score: Score | None = None
    cell: ClassVar[str] = "filter"

    def __init__(
        self,
        per: int | Mapping[int, int] | None = None,
        times: float | None = None,
        score: Score | str | None = None,
    ) -> None:
        if (per is None) == (times is None):
            given = "neither" if per is None else f"per={shorten(per)} and times={times}"
            raise ArgumentError(
                f"class_quota takes exactly one of per (so many of a class) and times (so many batches); got {given}",
                code="BadParameter",
            )
        if times is not None:
            if isinstance(times, bool) or not isinstance(times, numbers.Real):
                raise ArgumentTypeError(
                    f"times must be a number ≥ 1, got {type(times).__name__} {shorten(times)}", code="BadParameter"
                )
            if not 1 <= times < math.inf:
                raise ArgumentError(f"times must be a number ≥ 1, got {times}", code="BadParameter")
        object.__setattr__(self, "per", None if per is None else check_quotas(per, "per"))
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "score", None if score is None else as_score(score))

    @property
    def needs(self) -> Needs:
        """`PROBS`, and what the score needs."""
        own = Needs(pool=frozenset({PROBS}))
        return own if self.score is None else own | self.score.needs

    def keep(self, ctx: Context, n: int) -> NDArray[np.int64]:
        """The rows within the quotas, sorted; ties by the tie key."""
        probs = ctx.pool[PROBS]
        classes = predicted_classes(probs)
        counts = np.bincount(classes, minlength=probs.shape[1])
        if self.times is not None:
            quotas = even_quotas(counts, math.ceil(self.times * n))
        else:
            quotas = np.array([quota_of(self.per, c, most=len(probs)) for c in range(probs.shape[1])], dtype=np.int64)
        values = np.zeros(ctx.size) if self.score is None else rated(self.score, ctx)
        return within_quotas(classes, quotas, values, ctx.keys("class_quota"))

    def describe(self, kept: int, of: int) -> str:
        """What the quota was."""
        best = "" if self.score is None else f", the highest by {self.score}"
        if self.times is not None:
            return f"among {kept:,} of {of:,}, evenly over the predicted classes{best}"
        most = self.per if isinstance(self.per, int) else f"so many as {dict(self.per or ())} allows"
        return f"among {kept:,} of {of:,}, at most {most} of a predicted class{best}"

    def form(self, f: Form) -> str:
        """``class_quota(5)``, ``class_quota({0: 5}, score=margin)``, ``class_quota(times=2)``."""
        pairs: list[tuple[str | None, Any]] = []
        if self.per is not None:
            pairs.append((None, dict(self.per) if isinstance(self.per, tuple) else self.per))
        if self.times is not None:
            pairs.append(("times", self.times))
        if self.score is not None:
            pairs.append(("score", self.score))
        return call(f, "ClassQuota" if f.python else "class_quota", pairs)


def check_quotas(value: object, name: str) -> int | Quotas:
    """A quota for every class, or pairs of class number and quota; a named error for anything else."""
    if not isinstance(value, Mapping):
        return check_count(value, name)
    out: dict[int, int] = {}
    for key, most in value.items():
        for what, number in (("class", key), ("quota", most)):
            if isinstance(number, bool) or not isinstance(number, numbers.Integral):
                raise ArgumentTypeError(
                    f"{name} maps class numbers to whole numbers ≥ 0, e.g. {{0: 5, 2: 50}}; the {what} "
                    f"{shorten(number)} is {type(number).__name__}",
                    code="BadParameter",
                )
            if number < 0:
                raise ArgumentError(
                    f"{name} maps class numbers to whole numbers ≥ 0; got {what} {number}", code="BadParameter"
                )
        out[int(key)] = int(most)
    if not out:
        raise ArgumentError(f"{name} names no class: give e.g. {{0: 5, 2: 50}} or one number", code="BadParameter")
    return tuple(sorted(out.items()))


def quota_of(per: int | Quotas | None, cls: int, most: int) -> int:
    """The quota of a class; ``most`` where it is not limited."""
    if isinstance(per, tuple):
        return dict(per).get(cls, most)
    return most if per is None else per
