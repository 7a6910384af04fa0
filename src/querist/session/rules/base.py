"""What all stop rules share: the operators, the text form, and how parameters are checked."""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.registry import snake
from querist.core.types import Progress, StopReason

if TYPE_CHECKING:
    from querist.session.rules.all_of import AllOf
    from querist.session.rules.any_of import AnyOf

__all__ = ["ANY", "ATOM", "BOTH", "StopRuleBase", "check_fraction", "check_positive", "figure"]

ANY, BOTH, ATOM = 1, 2, 9
"""How tightly a rule's text binds; as in Python, ``&`` before ``|``."""


@dataclass(frozen=True)
class StopRuleBase(ABC):
    """A stop rule: a value that reads `Progress` and keeps no state.

    A subclass is a frozen dataclass with one method, `check`. ``a | b`` stops when either does, ``a & b`` when both do;
    `str` gives the text that `parse_rule` reads back.
    """

    text_name: ClassVar[str] = ""
    """snake_case name; made from the class name when empty."""
    binds: ClassVar[int] = ATOM

    @abstractmethod
    def check(self, progress: Progress) -> StopReason | None:
        """A reason to stop now, in words that name the figures, or None to go on."""

    @classmethod
    def rule_name(cls) -> str:
        """The snake_case name under which the rule is registered."""
        return cls.text_name or snake(cls.__name__)

    def reason(self, text: str) -> StopReason:
        """A reason of this rule."""
        return StopReason(str(self), text)

    def __or__(self, other: StopRuleBase) -> AnyOf:
        """Stop when either rule says so."""
        from querist.session.rules.any_of import AnyOf

        return AnyOf.join(self, other) if isinstance(other, StopRuleBase) else NotImplemented

    def __and__(self, other: StopRuleBase) -> AllOf:
        """Stop when both rules say so."""
        from querist.session.rules.all_of import AllOf

        return AllOf.join(self, other) if isinstance(other, StopRuleBase) else NotImplemented

    def __str__(self) -> str:
        """The text form, e.g. ``max_labels(500)``; parameters at their default are left out."""
        written: list[str] = []
        for place, field in enumerate(dataclasses.fields(self)):
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING and place == 0:
                written.append(_written(value))
            elif value != field.default:
                written.append(f"{field.name}={_written(value)}")
        inside = ", ".join(written)
        return f"{self.rule_name()}({inside})" if inside else self.rule_name()


def figure(value: float) -> str:
    """The shortest text that reads back as the same number, whole numbers without a point.

    >>> figure(100.0), figure(0.5)
    ('100', '0.5')
    """
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _written(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) and not _reserved(value)
        return value if plain else repr(value)
    if isinstance(value, (int, float)):
        return figure(value) if isinstance(value, float) else str(value)
    return repr(value)


def _reserved(word: str) -> bool:
    import keyword

    return keyword.iskeyword(word)


def check_positive(value: object, name: str, *, zero: bool = False) -> float:
    """``value`` as a finite number above 0 (at least 0 with ``zero``); ``name`` is how the caller called it.

    Raises:
        ArgumentTypeError: no number (code ``BadNumber``).
        ArgumentError: out of range (code ``BadNumber``).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)):
        raise ArgumentTypeError(
            f"{name} must be a number, got {type(value).__name__} {shorten(value)}", code="BadNumber"
        )
    number = float(value)
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise ArgumentError(f"{name} must be a finite number {'≥' if zero else '>'} 0, got {value}", code="BadNumber")
    return number


def check_fraction(value: object, name: str) -> float:
    """``value`` as a number above 0 and at most 1.

    Raises:
        ArgumentTypeError: no number (code ``BadNumber``).
        ArgumentError: out of range (code ``BadNumber``).
    """
    number = check_positive(value, name)
    if number > 1:
        raise ArgumentError(f"{name} must be at most 1, got {value}", code="BadNumber")
    return number
