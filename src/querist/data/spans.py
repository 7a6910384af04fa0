"""Labels of tokens: spans with a type, told as spans or as tags, kept as one tag number a token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, UnknownNameError, nearest, shorten
from querist.core.types import Array, ItemId, Json, LabelValue
from querist.data.schema import ClassSchema

__all__ = ["Span", "Spans"]

Span: TypeAlias = tuple[int, int, str]
"""(first token, token after the last, type); tokens are counted from 0."""


@dataclass(frozen=True)
class Spans(ClassSchema):
    """Spans of an item's tokens, each of one type, none over another.

    An answer is a list of spans ``[[first, after_last, type], ...]``, perhaps empty, or a list of tags, one a token:
    ``["B-person", "I-person", "O"]``. Inside, a label is one tag number a token, in the order of `tags`.

    Args:
        classes: types of spans, in order.
        scheme: "bio" (the first token of a span is tagged B) or "io" (all are I: neighbours of one type are one span).
        repair: mend tags that are not valid instead of refusing them: an I that continues nothing begins a span, as in
            the scoring of CoNLL; with "io" a B counts as an I, and spans of one type that touch become one.
        lengths: tokens of each item by id, against which answers are checked; see `of`.

    Raises:
        ArgumentError: another scheme (code ``BadSchema``). DataError: see `SingleLabel`.

    >>> schema = Spans(("person", "place"))
    >>> schema.tags
    ('O', 'B-person', 'I-person', 'B-place', 'I-place')
    >>> schema.encode([[0, 2, "person"], [3, 4, "place"]]).tolist()
    [1, 2, 0, 3]
    >>> schema.decode([0, 3, 4, 1])
    [[1, 3, 'place'], [3, 4, 'person']]
    """

    scheme: Literal["bio", "io"] = "bio"
    repair: bool = False
    lengths: Mapping[ItemId, int] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check the scheme and the names."""
        super().__post_init__()
        if self.scheme not in ("bio", "io"):
            raise ArgumentError(f"scheme must be bio or io, got {shorten(repr(self.scheme))}", code="BadSchema")
        letters = "BI" if self.scheme == "bio" else "I"
        names = ("O", *(f"{letter}-{name}" for name in self.classes for letter in letters))
        object.__setattr__(self, "_tags", names)
        object.__setattr__(self, "_tag_numbers", {name: k for k, name in enumerate(names)})

    @classmethod
    def found_in(cls, labels: Iterable[LabelValue], *, repair: bool = False) -> Spans:
        """The schema of some labels: their types by alphabet, and "bio" where a tag begins with B or labels are spans.

        Raises:
            DataError: no type is found (code ``NoClasses``), or a tag of another kind (``BadTags``).
        """
        types: set[str] = set()
        begins = plain = False
        for label in labels:
            for part in label or () if isinstance(label, (list, tuple)) else ():
                if not isinstance(part, str):
                    types.add(_span(part, "")[2])
                    continue
                letter, name = _split(part, "")
                begins, plain = begins or letter == "B", plain or letter == "I"
                types |= {name} - {""}
        if not types:
            raise DataError("there are no spans to find the types in: name the types", code="NoClasses")
        return cls(tuple(sorted(types)), "io" if plain and not begins else "bio", repair)

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags by number; number 0 is O."""
        return self._tags  # type: ignore[attr-defined, no-any-return]

    def of(self, source: Any) -> Self:
        """The same schema, which also checks answers against the number of tokens of each item of ``source``."""
        return replace(self, lengths=dict(zip(source.ids, source.lengths.tolist(), strict=True)))

    def encode(self, value: LabelValue, item: str = "") -> NDArray[np.int64]:
        """(T,) tag numbers, T the tokens of the item, or up to the last span where that is not known.

        Raises:
            ArgumentTypeError: neither spans nor tags (code ``BadLabel``).
            UnknownNameError: an unknown type (code ``UnknownLabel``).
            DataError: a span outside the item or over another (code ``BadSpan``), tags that are not valid or not as many
                as the tokens (``BadTags``).
        """
        if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
            raise ArgumentTypeError(
                f"item {item!r}: spans [[first, after_last, type], ...] or tags, one a token, are needed; got "
                f"{type(value).__name__} {shorten(repr(value))}",
                code="BadLabel",
            )
        parts: list[Any] = list(value)
        length = None if self.lengths is None else self.lengths.get(item)
        if parts and isinstance(parts[0], str):
            return self._from_tags(parts, item, length)
        return self._from_spans(parts, item, length)

    def decode(self, target: Any) -> list[list[int | str]]:
        """The spans of tag numbers, in order; a tag that continues nothing begins a span.

        Raises:
            ArgumentError: no number of a tag (code ``BadTarget``).
        """
        return [[start, stop, self.classes[kind]] for start, stop, kind in self._runs(target)]

    def decode_tags(self, target: Any) -> list[str]:
        """The names of tag numbers."""
        return [self.tags[k] for k in self._checked(target)]

    def encode_distribution(self, shares: Mapping[str, float], item: str = "") -> NDArray[np.float64]:
        """Refused: a label of spans is a sequence, and shares over types say nothing about tokens (code ``BadLabel``)."""
        raise ArgumentError(
            f"item {item!r}: shares over types make no sense for spans; tell spans or tags, and say how far they are "
            "trusted by a sample weight",
            code="BadLabel",
        )

    def stack(self, encoded: Sequence[Array | float | int]) -> NDArray[np.int64]:
        """(L, T) int64 tag numbers; 0 beyond an item's last."""
        rows = [np.asarray(e, dtype=np.int64) for e in encoded]
        out = np.zeros((len(rows), max((len(r) for r in rows), default=0)), dtype=np.int64)
        for place, row in enumerate(rows):
            out[place, : len(row)] = row
        return out

    def allowed(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(C,) tags that may come first, and (C, C) whether one may be followed by another."""
        count = len(self.tags)
        first, steps = np.ones(count, dtype=np.bool_), np.ones((count, count), dtype=np.bool_)
        if self.scheme == "bio":
            for inner in range(2, count, 2):  # I of each type: only after B or I of that type
                first[inner] = False
                steps[:, inner] = False
                steps[[inner - 1, inner], inner] = True
        return first, steps

    def to_json(self) -> dict[str, Json]:
        """Kind, types, scheme."""
        return {"kind": "spans", "classes": list(self.classes), "scheme": self.scheme, "repair": self.repair}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Spans:
        """The schema that `to_json` wrote.

        Raises:
            DataError: a part that is missing or wrong (code ``BadSchema``).
        """
        classes, repair = data.get("classes"), data.get("repair", False)
        if not isinstance(classes, (list, tuple)) or not isinstance(repair, bool):
            raise DataError(
                f"a schema of spans needs a list of classes, got {shorten(repr(classes))}", code="BadSchema"
            )
        return cls(tuple(classes), data.get("scheme", "bio"), repair)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _from_spans(self, parts: list[Any], item: str, length: int | None) -> NDArray[np.int64]:
        spans = sorted(_span(part, item) for part in parts)
        for (a, b, one), (c, d, two) in pairwise(spans):
            if c < b:
                raise DataError(
                    f"item {item!r}: span {[c, d, two]} begins inside {[a, b, one]}; spans may not overlap",
                    code="BadSpan",
                )
            if self.scheme == "io" and c == b and one == two and not self.repair:
                raise DataError(
                    f"item {item!r}: spans {[a, b, one]} and {[c, d, two]} touch, and scheme 'io' cannot tell them apart; "
                    "use scheme='bio', or repair=True to join them",
                    code="BadSpan",
                )
        reach = max((stop for _, stop, _ in spans), default=0)
        if length is not None and reach > length:
            raise DataError(
                f"item {item!r}: span {list(spans[-1])} reaches beyond its {length} tokens (the second number is the token "
                "after the last, counted from 0)",
                code="BadSpan",
            )
        out = np.zeros(reach if length is None else length, dtype=np.int64)
        for start, stop, name in spans:
            kind = self._number(name, item)
            out[start:stop] = 2 * kind + 2 if self.scheme == "bio" else kind + 1
            if self.scheme == "bio":
                out[start] = 2 * kind + 1
        return out

    def _from_tags(self, parts: list[Any], item: str, length: int | None) -> NDArray[np.int64]:
        if length is not None and len(parts) != length:
            raise DataError(f"item {item!r}: {len(parts)} tags for {length} tokens; give one a token", code="BadTags")
        numbers: dict[str, int] = self._tag_numbers  # type: ignore[attr-defined]
        out = np.zeros(len(parts), dtype=np.int64)
        before = "O"
        for place, tag in enumerate(parts):
            letter, name = _split(tag, item)
            if letter == "O":
                before = "O"
                continue
            self._number(name, item)  # refuses an unknown type, naming the nearest
            wrong = self._wrong(letter, name, before)
            if wrong and not self.repair:
                raise DataError(
                    f"item {item!r}: tag {place + 1} is {tag} {wrong}; mend it, or use repair=True", code="BadTags"
                )
            if wrong:
                letter = "B" if self.scheme == "bio" else "I"
            out[place] = numbers[f"{letter}-{name}"]
            before = name
        return out

    def _wrong(self, letter: str, name: str, before: str) -> str:
        """Why a tag is not valid after a token of the type ``before``, or ""."""
        if self.scheme == "io":
            return "and scheme 'io' has no B" if letter == "B" else ""
        return f"and continues no {name}" if letter == "I" and before != name else ""

    def _checked(self, target: Any) -> list[int]:
        numbers: list[int] = np.asarray(target).astype(np.int64).tolist()
        bad = [k for k in numbers if not 0 <= k < len(self.tags)]
        if bad:
            raise ArgumentError(f"{bad[0]} is not the number of one of {len(self.tags)} tags", code="BadTarget")
        return numbers

    def _runs(self, target: Any) -> list[tuple[int, int, int]]:
        """(first, after last, number of the type) of each span."""
        out: list[tuple[int, int, int]] = []
        bio = self.scheme == "bio"
        for place, tag in enumerate(self._checked(target)):
            if tag == 0:
                continue
            kind = (tag - 1) // 2 if bio else tag - 1
            goes_on = out and out[-1][1] == place and out[-1][2] == kind and not (bio and tag % 2)
            if goes_on:
                out[-1] = (out[-1][0], place + 1, kind)
            else:
                out.append((place, place + 1, kind))
        return out


def _span(part: Any, item: str) -> Span:
    """A span as a tuple.

    Raises:
        DataError: no triple of two tokens in order and a type (code ``BadSpan``).
    """
    try:
        start, stop, name = part
    except (TypeError, ValueError):
        start = stop = name = None
    whole = all(isinstance(k, (int, np.integer)) and not isinstance(k, bool) for k in (start, stop))
    if not whole or not isinstance(name, str) or not 0 <= start < stop:
        raise DataError(
            f"item {item!r}: a span is [first, after_last, type] with 0 <= first < after_last, got {shorten(repr(part))}",
            code="BadSpan",
        )
    return int(start), int(stop), name


def _split(tag: Any, item: str) -> tuple[str, str]:
    """Letter and type of a tag: ("O", ""), ("B", type) or ("I", type).

    Raises:
        DataError: another kind of tag (code ``BadTags``).
    """
    if tag == "O":
        return "O", ""
    if isinstance(tag, str) and tag[:2] in ("B-", "I-") and len(tag) > 2:
        return tag[0], tag[2:]
    near = nearest(str(tag), ("O", "B-", "I-"))
    raise UnknownNameError(
        f"item {item!r}: a tag is O, B-type or I-type, got {shorten(repr(tag))}"
        + (f"; did you mean {near[0]!r}?" if near else ""),
        code="BadTags",
    )
