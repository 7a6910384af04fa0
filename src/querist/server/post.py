"""What travels between the desk and a person: an item in their hands, an answer as it is sent, what became of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from querist.core.errors import ArgumentError, shorten
from querist.core.types import Json

__all__ = ["Handed", "Post", "Receipt", "flat"]

_LONGEST = {"key": 200, "query": 200, "item": 10_000, "note": 20_000}


@dataclass(frozen=True, slots=True)
class Handed:
    """An item in somebody's hands.

    Args:
        query: name of the hand-out.
        fence: grows with every hand-out; an answer brings it back.
        item: id.
        role: queue, validation, control, check, again or picked.
        reason: why this one, in words.
        score: the strategy's, or None.
        until: seconds since the epoch when it goes back, unless renewed.
        previous: the answer before, where one is changed, else None.
    """

    query: str
    fence: int
    item: str
    role: str
    reason: str
    score: float | None
    until: float
    previous: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """An answer as it is sent.

    Args:
        key: the sender's own name for this post; the same key is taken once.
        query, fence, item: of the hand-out.
        kind: label, distribution, skip or reject.
        value: what is told.
        rationale: highlighted evidence, or None.
        note: a remark, or None.
        seconds: time that it took, or None.
        shown: whether a suggestion was visible.
        weight: how much the answer weighs in training, above 0 and at most 1; None is 1.
    """

    key: str
    query: str
    fence: int
    item: str
    kind: str
    value: Json = None
    rationale: Json = None
    note: str | None = None
    seconds: float | None = None
    shown: bool = False
    weight: float | None = None

    def check(self) -> None:
        """Refuse what cannot be kept, whatever the value.

        Raises:
            ArgumentError: a time that is none, or a name or note that is no text or too long (code ``BadPost``).
        """
        for name, most in _LONGEST.items():
            text = getattr(self, name)
            if text is None and name == "note":
                continue
            if not isinstance(text, str) or len(text) > most or _halves(text):
                raise ArgumentError(
                    f"{name} must be text of at most {most:,} characters, with no half of a surrogate pair, got "
                    f"{shorten(ascii(text))}",
                    code="BadPost",
                )
        taken = self.seconds
        number = type(taken) in (int, float)
        if taken is not None and not (number and math.isfinite(taken) and 0 <= taken <= 1e9):
            raise ArgumentError(
                f"seconds must be 0 or more, the time that the answer took, got {shorten(repr(taken))}", code="BadPost"
            )

        if self.weight is not None and not (type(self.weight) in (int, float) and 0 < self.weight <= 1):
            raise ArgumentError(
                f"weight must be a number above 0 and at most 1, got {shorten(repr(self.weight))}", code="BadPost"
            )

    @property
    def digest(self) -> bytes:
        """Of all but the key: whether a repeated post says the same."""
        body = {**flat(self), "key": None}
        return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a post.

    Args:
        counted: whether the answer counts; one that does not is kept all the same.
        seq: number of its event.
        item: id.
        state: of the item now.
        labelled: items with a label now.
        why: the reason where it does not count.
        query: the hand-out that it answers now: another than it came with where the item was taken up again.
    """

    counted: bool
    seq: int
    item: str
    state: str
    labelled: int
    why: str | None = None
    query: str | None = None


def flat(one: Handed | Post | Receipt) -> dict[str, Json]:
    """Its fields by name; unlike `dataclasses.asdict` it copies nothing, which is quicker."""
    return {name: getattr(one, name) for name in _FIELDS[type(one)]}


_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (Handed, Post, Receipt)}


def _halves(text: str) -> bool:
    """Whether half of a surrogate pair stands in a text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
