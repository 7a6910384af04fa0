"""What a label may be: one class, several classes, or a number. Classes are declared once and mapped by name."""

from __future__ import annotations

import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, UnknownNameError, nearest, shorten
from querist.core.types import Array, Json, LabelValue
from querist.data.labels import check_kinds, labels_as_text, plain_label

__all__ = ["ClassSchema", "MultiLabel", "Number", "Schema", "SingleLabel", "infer", "schema_from_json"]


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

    def stack(self, encoded: Sequence[Array | float | int]) -> Array:
        """The targets of several items as one array: whole numbers, decimal numbers, or rows where one of them is soft."""
        rows = [e for e in encoded if isinstance(e, np.ndarray)]
        if rows:
            width = max(len(e) for e in rows)
            return np.stack([e if isinstance(e, np.ndarray) else np.eye(width)[int(e)] for e in encoded])
        kind = np.float64 if any(isinstance(e, float) for e in encoded) else np.int64
        return np.asarray(encoded, dtype=kind)

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """The target of a soft label; only class schemas have one."""
        raise ArgumentError(
            f"item {item!r}: shares over classes make no sense for {type(self).__name__}; tell a number",
            code="BadLabel",
        )

    def with_class(self, name: str) -> Schema:
        """The schema with one more class at the end; only class schemas have one."""
        raise ArgumentError(f"{type(self).__name__} has no classes to add {name!r} to", code="BadLabel")


@dataclass(frozen=True)
class ClassSchema(Schema):
    """What schemas with classes share.

    Args:
        classes: names in the order in which models and results number them. Whole numbers, when all are, become their
            text.

    Raises:
        DataError: no classes (code ``NoClasses``), names of several kinds (``MixedLabelTypes``), or two that differ by
            case, spaces or composition only (``AmbiguousClasses``).
    """

    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the names."""
        object.__setattr__(self, "classes", _names(self.classes))
        object.__setattr__(self, "_numbers", {name: k for k, name in enumerate(self.classes)})

    def with_class(self, name: str) -> Self:
        """One more class at the end."""
        return replace(self, classes=(*self.classes, name))

    def renamed(self, name: str, to: str) -> Self:
        """A class under another name, in its place."""
        self._number(name, "")
        return replace(self, classes=tuple(to if c == name else c for c in self.classes))

    def merged(self, name: str, into: str) -> Self:
        """Without the class ``name``, which is now part of ``into``."""
        self._number(name, "")
        self._number(into, "")
        return replace(self, classes=tuple(c for c in self.classes if c != name or c == into))

    def to_json(self) -> dict[str, Json]:
        """Kind and classes."""
        return {"kind": _KINDS[type(self)], "classes": list(self.classes)}

    def _number(self, name: object, item: str) -> int:
        """The number of a class.

        Raises:
            DataError: the name of a class, but not as text (code ``MixedLabelTypes``).
            UnknownNameError: no such class (code ``UnknownLabel``).
        """
        numbers: dict[object, int] = self._numbers  # type: ignore[attr-defined]
        if isinstance(name, str) and name in numbers:
            return numbers[name]
        raise _unknown(name, item, self.classes)

    def _shares(self, shares: Mapping[str, float], item: str) -> NDArray[np.float64]:
        """(C,) shares by class, finite and not negative."""
        if not isinstance(shares, Mapping):
            raise ArgumentTypeError(
                f"item {item!r}: shares by class name are needed, got {type(shares).__name__} {shorten(shares)}",
                code="BadLabel",
            )
        out = np.zeros(len(self.classes))
        for name, share in shares.items():
            number = self._number(name, item)
            if isinstance(share, bool) or not isinstance(share, (int, float, np.integer, np.floating)):
                raise ArgumentTypeError(
                    f"item {item!r}: the share of {name!r} is {type(share).__name__} {shorten(share)}, and a number is "
                    "needed",
                    code="BadLabel",
                )
            out[number] = float(share)
        if not np.isfinite(out).all() or (out < 0).any():
            raise DataError(f"item {item!r}: shares must be 0 or more; got {shorten(dict(shares))}", code="BadLabel")
        return out


@dataclass(frozen=True)
class SingleLabel(ClassSchema):
    """One class an item.

    Args:
        classes: names in the order in which models and results number them. Whole numbers, when all are, become their
            text.

    Raises:
        DataError: no classes (code ``NoClasses``), names of several kinds (``MixedLabelTypes``), or two that differ by
            case, spaces or composition only (``AmbiguousClasses``).

    >>> SingleLabel(("cat", "dog")).encode("dog")
    1
    """

    def encode(self, value: LabelValue, item: str = "") -> int:
        """The class number.

        Raises:
            UnknownNameError: no such class (code ``UnknownLabel``, with the nearest one).
            DataError: the name of a class, but not as text (code ``MixedLabelTypes``).
        """
        return self._number(value, item)

    def decode(self, target: Any) -> str:
        """The class name; of shares, the one with the largest.

        Raises:
            ArgumentError: no number of a class (code ``BadTarget``).
        """
        number = int(np.argmax(target)) if np.ndim(target) else int(target)
        if not 0 <= number < len(self.classes):
            raise ArgumentError(f"{number} is not the number of one of {len(self.classes)} classes", code="BadTarget")
        return self.classes[number]

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """(C,) shares that sum to one; given shares may sum to anything above 0.

        Raises:
            DataError: negative or no shares (code ``BadLabel``). UnknownNameError: an unknown class.
        """
        out = self._shares(shares, item)
        if not out.sum() > 0:
            raise DataError(f"item {item!r}: all shares are 0: {shorten(dict(shares))}", code="BadLabel")
        return np.asarray(out / out.sum())


@dataclass(frozen=True)
class MultiLabel(ClassSchema):
    """Several classes an item, perhaps none.

    Args:
        classes: names in the order in which models and results number them. Whole numbers, when all are, become their
            text.

    Raises:
        DataError: no classes (code ``NoClasses``), names of several kinds (``MixedLabelTypes``), or two that differ by
            case, spaces or composition only (``AmbiguousClasses``).

    >>> MultiLabel(("cat", "dog", "owl")).encode(["owl", "cat"]).tolist()
    [1.0, 0.0, 1.0]
    """

    def encode(self, value: LabelValue, item: str = "") -> NDArray[np.float64]:
        """(C,) float64 of 0 and 1.

        Raises:
            ArgumentTypeError: not a list of names (code ``BadLabel``). UnknownNameError: an unknown class.
        """
        if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
            raise ArgumentTypeError(
                f"item {item!r}: a list of class names is needed, got {type(value).__name__} {shorten(value)}",
                code="BadLabel",
            )
        out = np.zeros(len(self.classes))
        for name in value:
            out[self._number(name, item)] = 1.0
        return out

    def decode(self, target: Any) -> list[str]:
        """Names of the classes with a share of one half or more.

        Raises:
            ArgumentError: another number of shares than of classes (code ``BadTarget``).
        """
        if np.shape(target) != (len(self.classes),):
            raise ArgumentError(f"{len(self.classes)} shares are needed, got {shorten(target)}", code="BadTarget")
        return [name for name, share in zip(self.classes, target, strict=True) if share >= 0.5]

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """(C,) a probability for each class by itself, 0 for those not named; they need not sum to one.

        Raises:
            DataError: a share outside 0 to 1 (code ``BadLabel``). UnknownNameError: an unknown class.
        """
        out = self._shares(shares, item)
        if (out > 1).any():
            raise DataError(f"item {item!r}: shares must be from 0 to 1; got {shorten(dict(shares))}", code="BadLabel")
        return out


@dataclass(frozen=True)
class Number(Schema):
    """A number an item.

    Args:
        low: smallest allowed, or None.
        high: largest allowed, or None.

    Raises:
        ArgumentError: limits that are no numbers, or low above high (code ``BadSchema``).
    """

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Check the limits."""
        for name in ("low", "high"):
            limit = getattr(self, name)
            if limit is None:
                continue
            if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not math.isfinite(limit):
                raise ArgumentError(f"{name} must be a number or None, got {limit!r}", code="BadSchema")
            object.__setattr__(self, name, float(limit))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ArgumentError(f"low {self.low} is above high {self.high}", code="BadSchema")

    def encode(self, value: LabelValue, item: str = "") -> float:
        """The number as a float; text that spells a number counts as one, for files know nothing else.

        Raises:
            ArgumentTypeError: no number (code ``BadLabel``). DataError: outside the limits, or NaN (``BadLabel``).
        """
        number = _as_number(value)
        if number is None:
            raise ArgumentTypeError(
                f"item {item!r}: a number is needed, got {type(value).__name__} {shorten(repr(value))}", code="BadLabel"
            )
        outside = (self.low is not None and number < self.low) or (self.high is not None and number > self.high)
        if not math.isfinite(number) or outside:
            low = "any" if self.low is None else self.low
            high = "any" if self.high is None else self.high
            raise DataError(f"item {item!r}: the number {number} is not within {low} to {high}", code="BadLabel")
        return number

    def decode(self, target: Any) -> float:
        """The number."""
        return float(target)

    def to_json(self) -> dict[str, Json]:
        """Kind and limits."""
        return {"kind": "number", "low": self.low, "high": self.high}


_KINDS: dict[type, str] = {SingleLabel: "single", MultiLabel: "multi"}


def schema_from_json(data: Mapping[str, Json]) -> Schema:
    """The schema that ``to_json`` wrote.

    Raises:
        DataError: an unknown kind, or a part that is missing or wrong (code ``BadSchema``).
    """
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if kind == "number":
        return Number(data.get("low"), data.get("high"))
    for made, name in _KINDS.items():
        if kind == name:
            classes = data.get("classes")
            if not isinstance(classes, (list, tuple)):
                raise DataError(
                    f"a label schema needs a list of classes, got {shorten(repr(classes))}", code="BadSchema"
                )
            return made(tuple(classes))  # type: ignore[no-any-return]
    if kind == "spans":
        from querist.data.spans import Spans

        return Spans.from_json(data)
    raise DataError(
        f"unknown label schema {shorten(repr(kind))}; known are single, multi, number, spans", code="BadSchema"
    )


def infer(values: Sequence[LabelValue]) -> Schema:
    """A schema that fits ``values``. Missing ones (None, NaN, blank) play no part.

    Texts, whole numbers and truth values are classes, in alphabetical order, or by value where all are whole numbers;
    lists are several classes; decimal numbers are numbers; shares by class name are soft labels of one class.

    Raises:
        DataError: kinds are mixed (code ``MixedLabelTypes``, naming the kinds and the first rows), there is no label
            (``NoClasses``), or classes that differ by case, spaces or composition only (``AmbiguousClasses``).

    >>> infer(["10", "9", "cat"]).classes, infer([10, 9]).classes
    (('10', '9', 'cat'), ('9', '10'))
    """
    known = [v for v in labels_as_text(values, "the labels") or () if v is not None]
    if not known:
        raise DataError("there are no labels to find the classes in: name the classes", code="NoClasses")
    first = known[0]
    if isinstance(first, str):
        return SingleLabel(_ordered(known))
    if isinstance(first, float):
        return Number()
    if isinstance(first, list):
        return MultiLabel(_ordered(name for value in known for name in value))  # type: ignore[union-attr]
    if isinstance(first, dict):
        return SingleLabel(_ordered(name for value in known for name in value))  # type: ignore[union-attr]
    raise DataError(
        f"labels of the kind {type(first).__name__} are not known, e.g. {shorten(repr(first))}; use texts, lists of "
        "texts or numbers",
        code="BadLabel",
    )


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def _ordered(names: Iterable[Any]) -> tuple[str, ...]:
    found = {str(name) for name in names}
    if all(_WHOLE.fullmatch(name) for name in found):
        return tuple(sorted(found, key=lambda name: (int(name), name)))
    return tuple(sorted(found))


def _names(classes: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(classes, (str, Mapping)) or not isinstance(classes, Iterable):
        raise ArgumentTypeError(
            f"classes must be a list of names, got {type(classes).__name__} {shorten(classes)}", code="BadLabel"
        )
    plain = [plain_label(c) for c in classes]
    if not plain:
        raise DataError("there are no classes: name at least one", code="NoClasses")
    kinds = check_kinds(plain, "classes", "place", None)
    if None in plain:
        raise DataError(f"class name {plain.index(None) + 1} is empty", code="AmbiguousClasses")
    if not kinds <= {"str"} and not kinds <= {"int"}:
        raise DataError(
            f"class names must be texts, got {', '.join(kinds)}, e.g. {plain[0]!r}; write them as text", code="BadLabel"
        )
    seen: dict[str, str] = {}
    for name in map(str, plain):
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())
        if key in seen:
            same = seen[key] == name
            raise DataError(
                f"class name {name!r} stands there twice"
                if same
                else f"class names {seen[key]!r} and {name!r} differ by case, spaces or composition only; rename one",
                code="AmbiguousClasses",
            )
        if "\0" in name or any(0xD800 <= ord(letter) < 0xE000 for letter in name):
            raise DataError(f"class name {name!a} holds a NUL or half a surrogate pair", code="BadLabel")
        seen[key] = name
    return tuple(seen.values())


def _as_number(value: object) -> float | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, str, np.integer, np.floating)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _unknown(value: Any, item: str, classes: Sequence[str]) -> DataError | UnknownNameError:
    if value is None:
        return DataError(f"item {item!r} has no label", code="BadLabel")
    plain = plain_label(value)
    whole = isinstance(plain, float) and plain.is_integer()
    text = str(int(plain)) if whole else str(plain)
    if not isinstance(value, str) and text in classes:
        return DataError(
            f"label {shorten(repr(plain))} of item {item!r} is {type(plain).__name__}, and class names are texts: write "
            f"{text!r}",
            code="MixedLabelTypes",
        )
    near = nearest(text, classes)
    hint = f"did you mean {near[0]!r}? " if near else f"allowed are {shorten(', '.join(classes))}; "
    return UnknownNameError(
        f"unknown label {shorten(repr(plain))} for item {item!r}; {hint}A new class comes in by add_class",
        code="UnknownLabel",
    )
