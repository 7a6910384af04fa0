"""What a label may be: one class, several classes, or a number. Classes are declared once and mapped by name."""

from __future__ import annotations

import math
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, UnknownNameError, nearest, shorten
from querist.core.types import Array, Json, LabelValue

__all__ = ["MultiLabel", "Number", "Schema", "SingleLabel", "infer", "schema_from_json"]


class Schema(ABC):
    """Turns labels into targets and back."""

    @abstractmethod
    def encode(self, value: LabelValue, item: str = "") -> Array | float | int:
        """The target of a label; ``item`` is named in errors."""

    @abstractmethod
    def decode(self, target: Any) -> LabelValue:
        """The label of a target."""

    @abstractmethod
    def to_json(self) -> dict[str, Json]:
        """A JSON object that `schema_from_json` reads back."""

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """The target of a soft label; only class schemas have one."""
        raise ArgumentError(
            f"item {item!r}: shares over classes make no sense for {type(self).__name__}", code="BadLabel"
        )

    def with_class(self, name: str) -> Schema:
        """The schema with one more class at the end; only class schemas have one."""
        raise ArgumentError(f"{type(self).__name__} has no classes to add {name!r} to", code="BadLabel")


@dataclass(frozen=True)
class SingleLabel(Schema):
    """One class an item.

    Args:
        classes: names in the order in which models and results number them.

    Raises:
        DataError: no classes, or two that differ by case, spaces or composition only (code ``AmbiguousClasses``).
    """

    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the names."""
        object.__setattr__(self, "classes", _names(self.classes))
        object.__setattr__(self, "_numbers", {name: k for k, name in enumerate(self.classes)})

    def encode(self, value: LabelValue, item: str = "") -> Array | float | int:
        """The class number."""
        try:
            return int(self._numbers[value])  # type: ignore[attr-defined]
        except (KeyError, TypeError):
            raise _unknown(value, item, self.classes) from None

    def decode(self, target: Any) -> LabelValue:
        """The class name; of a soft target, the one of largest share."""
        number = int(np.argmax(target)) if np.ndim(target) else int(target)
        return self.classes[number]

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """(C,) shares that sum to one.

        Raises:
            DataError: negative or no shares (code ``BadLabel``). UnknownNameError: an unknown class.
        """
        out = np.zeros(len(self.classes))
        for name, share in shares.items():
            if name not in self.classes:
                raise _unknown(name, item, self.classes)
            out[self.classes.index(name)] = float(share)
        if not np.isfinite(out).all() or (out < 0).any() or out.sum() <= 0:
            raise DataError(
                f"item {item!r}: shares must be 0 or more, not all 0; got {shorten(dict(shares))}", code="BadLabel"
            )
        return np.asarray(out / out.sum())

    def with_class(self, name: str) -> SingleLabel:
        """One more class at the end."""
        return type(self)((*self.classes, name))

    def to_json(self) -> dict[str, Json]:
        """Kind and classes."""
        return {"kind": "multi" if isinstance(self, MultiLabel) else "single", "classes": list(self.classes)}


@dataclass(frozen=True)
class MultiLabel(SingleLabel):
    """Several classes an item, perhaps none.

    Args:
        classes: names in order.
    """

    def encode(self, value: LabelValue, item: str = "") -> Array | float | int:
        """(C,) float64 of 0 and 1."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ArgumentTypeError(
                f"item {item!r}: a list of class names is needed, got {type(value).__name__} {shorten(value)}",
                code="BadLabel",
            )
        out = np.zeros(len(self.classes))
        for name in value:
            if name not in self.classes:
                raise _unknown(name, item, self.classes)
            out[self.classes.index(str(name))] = 1.0
        return out

    def decode(self, target: Any) -> LabelValue:
        """Names of the classes with a share of one half or more."""
        return [name for name, share in zip(self.classes, target, strict=True) if share >= 0.5]


@dataclass(frozen=True)
class Number(Schema):
    """A number an item.

    Args:
        low: smallest allowed, or None.
        high: largest allowed, or None.
    """

    low: float | None = None
    high: float | None = None

    def encode(self, value: LabelValue, item: str = "") -> Array | float | int:
        """The number as a float."""
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise ArgumentTypeError(
                f"item {item!r}: a number is needed, got {type(value).__name__} {shorten(value)}", code="BadLabel"
            )
        number = float(value)
        outside = (self.low is not None and number < self.low) or (self.high is not None and number > self.high)
        if not math.isfinite(number) or outside:
            raise DataError(f"item {item!r}: the number {number} is outside {self.low} to {self.high}", code="BadLabel")
        return number

    def decode(self, target: Any) -> LabelValue:
        """The number."""
        return float(target)

    def to_json(self) -> dict[str, Json]:
        """Kind and limits."""
        return {"kind": "number", "low": self.low, "high": self.high}


def schema_from_json(data: Mapping[str, Json]) -> Schema:
    """The schema that ``to_json`` wrote.

    Raises:
        DataError: an unknown kind (code ``BadSchema``).
    """
    kind = data.get("kind")
    if kind == "single":
        return SingleLabel(tuple(data["classes"]))
    if kind == "multi":
        return MultiLabel(tuple(data["classes"]))
    if kind == "number":
        return Number(data.get("low"), data.get("high"))
    raise DataError(f"unknown label schema {kind!r}; known are single, multi, number", code="BadSchema")


def infer(values: Sequence[LabelValue]) -> Schema:
    """A schema that fits ``values``: texts are classes (sorted), lists are several classes, floats are numbers.

    Raises:
        DataError: kinds are mixed (code ``MixedLabelTypes``, naming the kinds and the first rows) or there is none.
    """
    kinds: dict[str, int] = {}
    for row, value in enumerate(values):
        kind = "list" if isinstance(value, (list, tuple)) else type(value).__name__
        kinds.setdefault(kind, row)
    if len(kinds) != 1:
        what = ", ".join(f"{kind} (first in row {row})" for kind, row in kinds.items()) or "none"
        raise DataError(f"labels are of several kinds: {what}; make them all of one kind", code="MixedLabelTypes")
    (kind,) = kinds
    if kind == "list":
        return MultiLabel(tuple(sorted({str(name) for value in values for name in value})))  # type: ignore[union-attr]
    if kind in ("float", "float64", "float32"):
        return Number()
    return SingleLabel(tuple(sorted({str(value) for value in values})))


def _names(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str):
        raise ArgumentTypeError(f"classes must be a list of names, got the text {classes!r}", code="BadLabel")
    if not classes:
        raise DataError("there are no classes: name at least one", code="NoClasses")
    odd = [c for c in classes if not isinstance(c, str)]
    if odd:
        kinds = ", ".join(sorted({type(c).__name__ for c in classes}))
        raise DataError(
            f"class names must be texts, got {kinds}, e.g. {odd[0]!r}; write them as text, e.g. {str(odd[0])!r}",
            code="MixedLabelTypes",
        )
    seen: dict[str, str] = {}
    for name in classes:
        key = unicodedata.normalize("NFC", name).strip().casefold()
        if not key:
            raise DataError("a class name is empty", code="AmbiguousClasses")
        if key in seen:
            raise DataError(
                f"class names {seen[key]!r} and {name!r} differ by case, spaces or composition only; rename one",
                code="AmbiguousClasses",
            )
        seen[key] = name
    return tuple(classes)


def _unknown(value: Any, item: str, classes: Sequence[str]) -> UnknownNameError:
    near = nearest(str(value), classes)
    kind = "" if isinstance(value, str) else f" ({type(value).__name__}; class names are texts)"
    hint = f"did you mean {near[0]!r}? " if near else f"allowed are {shorten(', '.join(classes))}; "
    return UnknownNameError(
        f"unknown label {shorten(value)!r}{kind} for item {item!r}; {hint}A new class comes in by add_class",
        code="UnknownLabel",
    )
