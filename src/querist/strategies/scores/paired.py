"""What the scores over a reference set share: members of both sets, sample s being one model in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import ArgumentError
from querist.core.signals import MEMBERS, Context, Needs
from querist.core.types import Array
from querist.strategies.scores.committee import NOT_CLASSES, CommitteeScore, one_model_each

__all__ = ["PairedScore", "reference_of"]


@dataclass(frozen=True, repr=False)
class PairedScore(CommitteeScore):
    """A score of `MEMBERS` of the pool, (N, S, C), beside `MEMBERS` of the reference set, (M, S, C)."""

    cell: ClassVar[str] = "Bayesian"

    @property
    def needs(self) -> Needs:
        """`MEMBERS` of the pool and of the reference set."""
        return Needs(pool=frozenset({MEMBERS}), reference=frozenset({MEMBERS}), unfit=NOT_CLASSES)

    def both(self, ctx: Context) -> tuple[Array, Array]:
        """(N, S, C) and (M, S, C).

        Raises:
            ArgumentError: members of a regression, other members in the two sets, or none (code ``ShapeMismatch``);
                members that are not the same models for all items (code ``InconsistentMembers``).
        """
        one_model_each(self, ctx)
        members = self.members(ctx)
        reference = reference_of(self, ctx)
        if reference.ndim != 3:
            raise ArgumentError(
                f"{self} needs reference members of a classifier, shape (M, S, C); got {tuple(reference.shape)}",
                code="ShapeMismatch",
            )
        return members, reference


def reference_of(part: object, ctx: Context) -> Array:
    """The members of the reference set: as many for each item as the pool has.

    Raises:
        ArgumentError: there is no reference set (code ``MissingSignal``), or its members are not those of the pool
            (code ``ShapeMismatch``).
    """
    if ctx.reference is None or not len(ctx.reference):
        raise ArgumentError(
            f"{part} needs the members of a reference set (items whose labels are to be predicted well); pass "
            "reference={'members': ...}",
            code="MissingSignal",
        )
    reference: Array = ctx.reference[MEMBERS]
    samples = ctx.pool[MEMBERS].shape[1]
    if reference.ndim < 2 or reference.shape[1] != samples:
        raise ArgumentError(
            f"{part}: sample s must be one model in both sets; the pool's members have {samples} samples, those of the "
            f"reference set have shape {tuple(reference.shape)}",
            code="ShapeMismatch",
        )
    return reference
