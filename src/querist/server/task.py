"""What is asked of people: one class, several, a number, or spans of a text; and whether an answer is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from querist.core.errors import ArgumentError, DataError, UnknownNameError, nearest, shorten
from querist.core.types import AnswerKind, Json
from querist.data.schema import ClassSchema, MultiLabel, Number, Schema, SingleLabel
from querist.data.spans import Spans

__all__ = ["TASKS", "Task"]

TASKS = ("single", "multi", "number", "spans")


@dataclass(frozen=True)
class Task:
    """What an answer may be.

    Args:
        kind: single, multi, number or spans.
        classes: names in order; empty for numbers.
        low, high, step: limits of a number, and the step of its buttons, or None.

    Raises:
        ArgumentError: an unknown kind (code ``BadTask``). DataError: classes that are none; see `ClassSchema`.
    """

    kind: str
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None

    def __post_init__(self) -> None:
        """Check the kind and the classes."""
        if self.kind not in TASKS:
            raise ArgumentError(
                f"the task must be one of {', '.join(TASKS)}; got {shorten(repr(self.kind))}", code="BadTask"
            )
        kinds: dict[str, type[ClassSchema]] = {"single": SingleLabel, "multi": MultiLabel, "spans": Spans}
        schema = Number(self.low, self.high) if self.kind == "number" else kinds[self.kind](self.classes)
        object.__setattr__(self, "_schema", schema)  # made once: checking the names takes as long as there are classes
        object.__setattr__(self, "classes", getattr(schema, "classes", ()))

    @property
    def schema(self) -> Schema:
        """What a label may be, as the rooms know it; spans count tokens there and characters here."""
        schema: Schema = self._schema  # type: ignore[attr-defined]
        return schema

    def to_json(self) -> dict[str, Json]:
        """A JSON object that `from_json` reads back."""
        return {**self.schema.to_json(), "kind": self.kind, "step": self.step}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Self:
        """The task that `to_json` wrote."""
        return cls(data["kind"], tuple(data.get("classes", ())), data.get("low"), data.get("high"), data.get("step"))

    def with_classes(self, classes: Sequence[str]) -> Self:
        """The task with another class list."""
        return replace(self, classes=tuple(classes))

    def check(self, kind: str, value: Json, item: str, text: str | None) -> None:
        """Refuse what is no answer to this task.

        Args:
            kind: label, distribution, skip or reject.
            value: what was told.
            item: id, for messages.
            text: the text of the item, for spans.

        Raises:
            ArgumentError and its like: codes ``BadLabel``, ``UnknownLabel``, ``BadSpan``, ``BadKind``.
        """
        if kind in (AnswerKind.SKIP, AnswerKind.REJECT):
            if value is not None:
                raise ArgumentError(
                    f"item {item!r}: {kind} takes no value, got {shorten(repr(value))}", code="BadLabel"
                )
        elif kind == AnswerKind.DISTRIBUTION:
            if self.kind not in ("single", "multi"):
                raise ArgumentError(f"item {item!r}: shares need classes, and the task is {self.kind}", code="BadKind")
            self.schema.encode_distribution(value, item)
        elif kind != AnswerKind.LABEL:
            raise ArgumentError(
                f"item {item!r}: an answer is a label, distribution, skip or reject; got {shorten(repr(kind))}",
                code="BadKind",
            )
        elif self.kind == "spans":
            _check_spans(value, item, text or "", self.classes)
        elif self.kind == "number" and isinstance(value, str):
            raise ArgumentError(f"item {item!r}: a number is needed, got the text {shorten(value)!r}", code="BadLabel")
        else:
            self.schema.encode(value, item)


def _check_spans(value: Json, item: str, text: str, classes: Sequence[str]) -> None:
    """Spans [[start, end, class], ...] in code points of the text, end exclusive, in order, none over another."""
    if not isinstance(value, list):
        raise ArgumentError(
            f"item {item!r}: a list of [start, end, class] is needed, got {shorten(repr(value))}", code="BadSpan"
        )
    before = 0
    for span in value:
        start, end, name = _span(span, item)
        if name not in classes:
            near = nearest(name, classes)
            hint = f"; did you mean {near[0]!r}?" if near else f"; allowed are {shorten(', '.join(classes))}"
            raise UnknownNameError(f"unknown label {shorten(repr(name))} for item {item!r}{hint}", code="UnknownLabel")
        if not 0 <= start < end <= len(text):
            raise DataError(
                f"item {item!r}: the span {start} to {end} is not within the text, which has {len(text)} characters (code "
                "points); start must be below end",
                code="BadSpan",
            )
        if start < before:
            raise DataError(
                f"item {item!r}: the span {start} to {end} begins before {before}, where the one before it ends; give "
                "spans in order, none over another",
                code="BadSpan",
            )
        before = end


def _span(span: Any, item: str) -> tuple[int, int, str]:
    whole = isinstance(span, list) and len(span) == 3 and all(type(n) is int for n in span[:2])
    if not whole or not isinstance(span[2], str):
        raise ArgumentError(
            f"item {item!r}: a span is [start, end, class] with whole numbers, got {shorten(repr(span))}",
            code="BadSpan",
        )
    return span[0], span[1], span[2]
