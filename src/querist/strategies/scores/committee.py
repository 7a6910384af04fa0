"""What the scores of posterior samples share: they read members of a classifier, and say so when given others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from querist.core.checks import Look, in_passing
from querist.core.errors import ArgumentError
from querist.core.signals import MEMBERS, Context, Needs
from querist.core.types import Array
from querist.strategies.algebra import Score

__all__ = [
    "CommitteeScore",
    "classifier_members",
    "members_of",
    "most_nats",
    "one_model_each",
    "passing_members",
    "regression_members",
    "some_members",
]

NOT_CLASSES = frozenset({"number", "labels"})
"""`Needs.unfit` of what reads members that are distributions over classes."""
NOT_NUMBERS = frozenset({"class", "labels", "spans"})
"""`Needs.unfit` of what reads members that are numbers."""


@dataclass(frozen=True, repr=False)
class CommitteeScore(Score):
    """A score of `MEMBERS` of shape (N, S, C)."""

    cell: ClassVar[str] = "uncertainty"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool."""
        return Needs(pool=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def members(self, ctx: Context) -> Array:
        """(N, S, C) probabilities of each member.

        Raises:
            ArgumentError: the members are those of a regression, or there are none (code ``ShapeMismatch``).
        """
        return classifier_members(self, ctx)

    def passing(self, ctx: Context) -> tuple[Array, Look | None]:
        """The same, to be checked as a kernel reads them: see `querist.core.checks.in_passing`."""
        return passing_members(self, ctx)


def classifier_members(part: object, ctx: Context) -> Array:
    """(N, S, C) probabilities of each member of the pool, at least one member.

    Raises:
        ArgumentError: the members are those of a regression, or there are none (code ``ShapeMismatch``).
    """
    return _of_classifier(part, ctx.pool[MEMBERS])


def passing_members(part: object, ctx: Context) -> tuple[Array, Look | None]:
    """The same, to be checked as a kernel reads them: see `querist.core.checks.in_passing`.

    Raises:
        ArgumentError: the members are those of a regression, or there are none (code ``ShapeMismatch``).
    """
    members, look = in_passing(ctx.pool, MEMBERS)
    return _of_classifier(part, members), look


def _of_classifier(part: object, members: Array) -> Array:
    members = some_members(members)
    if members.ndim != 3:
        raise ArgumentError(
            f"{part} needs members of a classifier, shape (N, S, C); got {tuple(members.shape)}; for regression use "
            "pred_variance",
            code="ShapeMismatch",
        )
    return members


def members_of(ctx: Context) -> Array:
    """The members of the pool, at least one for each item.

    Raises:
        ArgumentError: there is no member (code ``ShapeMismatch``).
    """
    return some_members(ctx.pool[MEMBERS])


def some_members(members: Array) -> Array:
    """The members, at least one for each item.

    Raises:
        ArgumentError: there is none (code ``ShapeMismatch``).
    """
    if members.shape[1] == 0:
        raise ArgumentError(
            f"members must hold at least one sample for each item; got shape {tuple(members.shape)}",
            code="ShapeMismatch",
        )
    return members


def regression_members(part: object, ctx: Context, hint: str = "for classes use bald or mean_std") -> Array:
    """(N, S) predictions of each member of the pool, at least one member.

    Raises:
        ArgumentError: the members are those of a classifier, or there are none (code ``ShapeMismatch``).
    """
    members = members_of(ctx)
    if members.ndim != 2:
        raise ArgumentError(
            f"{part} needs members of a regression, shape (N, S); got {tuple(members.shape)}; {hint}",
            code="ShapeMismatch",
        )
    return members


def one_model_each(part: object, ctx: Context) -> None:
    """Refuse members that were drawn anew for each item: joint probabilities of two items mean nothing then.

    Raises:
        ArgumentError: the members were given with ``consistent=False`` (code ``InconsistentMembers``).
    """
    if not ctx.capabilities.get("consistent", True):
        raise ArgumentError(
            f"{part} compares items member by member, so sample s of members must be one model for all items; these "
            "were given with consistent=False: use an ensemble, or the same dropout masks for the whole pool, or a score "
            "of single items such as bald",
            code="InconsistentMembers",
        )


def most_nats(*counts: int) -> str:
    """The largest entropy over the least of ``counts`` outcomes, as words."""
    return f"of at most {math.log(max(min(counts), 1)):.2f} nats"
