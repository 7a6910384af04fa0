"""What the parameters of posteriors must be, and the networks they are for."""

from __future__ import annotations

import math
import numbers
from typing import Any

from querist.core.errors import ArgumentError
from querist.models.embedding import last_linear

__all__ = ["above_zero", "at_least", "ends_linear", "share"]


def at_least(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number of ``least`` or more (code ``BadValue``)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ArgumentError(f"{name} must be a whole number of {least} or more, got {value!r}", code="BadValue")


def above_zero(name: str, value: object) -> None:
    """Refuse what is no finite number above 0 (code ``BadValue``)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < float(value) < math.inf:
        raise ArgumentError(f"{name} must be above 0 and finite, got {value!r}", code="BadValue")


def share(name: str, value: object) -> None:
    """Refuse what is no share above 0 and at most 1 (code ``BadValue``)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < float(value) <= 1:
        raise ArgumentError(f"{name} must be a share above 0 and at most 1, got {value!r}", code="BadValue")


def ends_linear(module: Any) -> None:
    """Refuse a network without linear layers for a posterior over the last one (code ``NeedsCapability``)."""
    if last_linear(module) is None:
        raise ArgumentError(
            f"last-layer Laplace needs a linear layer at the end, and {type(module).__name__} has none; use an "
            "ensemble or snapshots",
            code="NeedsCapability",
        )
