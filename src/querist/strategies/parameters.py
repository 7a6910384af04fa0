"""Parameters of parts, refused by name when they are written and not when they are used."""

from __future__ import annotations

import math
import numbers

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten

__all__ = ["check_flag", "check_positive", "check_whole"]


def check_whole(value: object, name: str, least: int = 1) -> None:
    """Refuse a parameter that is not a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name} must be a whole number ≥ {least}, got {value!r}", code="BadParameter")


def check_flag(value: object, name: str) -> None:
    """Refuse a parameter that is neither True nor False."""
    if not isinstance(value, bool):
        raise ArgumentTypeError(f"{name} must be True or False, got {value!r}", code="BadParameter")


def check_positive(value: object, name: str, *, zero: bool = False, most: float = math.inf) -> None:
    """Refuse a parameter that is not a finite number above 0 (at least 0 with ``zero``) and at most ``most``."""
    limit = f"{name} must be a number {'≥' if zero else '>'} 0" + ("" if most == math.inf else f" and ≤ {most:g}")
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{limit}, got {type(value).__name__} {shorten(value)}", code="BadParameter")
    above = float(value) >= 0 if zero else float(value) > 0
    if not above or float(value) == math.inf or float(value) > most:
        raise ArgumentError(f"{limit}, got {value}", code="BadParameter")
