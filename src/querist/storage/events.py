"""What a store takes and how it is written: names of streams, events, their JSON, and the digest that chains them."""

from __future__ import annotations

import json
import math
import numbers
import struct
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from querist.core.errors import ArgumentError, ArgumentTypeError, StateError, shorten
from querist.core.types import Answer, Event

__all__ = ["chain", "check_expected", "check_stream", "conflict", "encode", "first_digest"]

DIGEST_BYTES = 16
_LONGEST_NAME = 200
_REQUIRED = {
    "asked": ("query", "turn", "items"),
    "told": ("answers",),
    "fitted": ("round", "labels", "model"),
    "stopped": ("rule", "text"),
    "returned": ("query", "items"),
    "undone": ("query", "items", "seq"),
    "renewed": ("queries", "until"),
    "pruned": ("models",),
    "flagged": ("item", "flag"),
    "class_added": ("class",),
    "class_renamed": ("class", "to"),
    "class_merged": ("class", "into"),
}
"""What the projections read; an event of these kinds without it would be half an event."""


def check_stream(stream: object) -> str:
    """``stream`` as the name of a stream.

    Raises:
        ArgumentTypeError: no text. ArgumentError: empty or too long. Code ``BadStream`` in both cases.
    """
    if not isinstance(stream, str):
        raise ArgumentTypeError(f"a stream is known by its name, got {type(stream).__name__}", code="BadStream")
    if not 0 < len(stream) <= _LONGEST_NAME or "\0" in stream:
        raise ArgumentError(
            f"the name of a stream has 1 to {_LONGEST_NAME} characters, got {len(stream)}: {shorten(stream)!r}",
            code="BadStream",
        )
    return stream


def check_expected(expected: object) -> int | None:
    """``expected`` as a sequence number, or None.

    Raises:
        ArgumentTypeError: no whole number (code ``BadExpected``).
    """
    if expected is None:
        return None
    if isinstance(expected, bool) or not isinstance(expected, numbers.Integral):
        raise ArgumentTypeError(
            f"expected must be the last sequence number, or None; got {shorten(expected)}", code="BadExpected"
        )
    return int(expected)


def conflict(stream: str, expected: int, found: int) -> StateError:
    """The error of an append that came too late."""
    return StateError(
        f"stream {stream!r} was expected to end at event {expected}, and ends at {found}: somebody else wrote in "
        "between, or this session is behind; read the stream again (reopen the session) and repeat",
        code="Conflict",
    )


def encode(event: Event) -> str:
    """The payload of an event as JSON text, checked.

    Raises:
        ArgumentTypeError: no `Event`, or something in it that JSON cannot hold (code ``BadEvent``).
        ArgumentError: NaN, infinite numbers, half a surrogate pair, or a known kind without what it needs (code
            ``BadEvent``).
    """
    if not isinstance(event, Event):
        raise ArgumentTypeError(f"a store keeps Event records, got {type(event).__name__}", code="BadEvent")
    if not isinstance(event.kind, str) or not event.kind:
        raise ArgumentTypeError(f"the kind of an event is a name, got {shorten(event.kind)}", code="BadEvent")
    if not isinstance(event.payload, Mapping):
        raise ArgumentTypeError(
            f"the payload of {event.kind!r} must be a mapping, got {type(event.payload).__name__}", code="BadEvent"
        )
    _check_known(event)
    try:
        text = json.dumps(dict(event.payload), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode("utf-8")
    except TypeError as error:
        raise ArgumentTypeError(
            f"the payload of {event.kind!r} holds what JSON cannot ({error}); pass plain Python values",
            code="BadEvent",
        ) from error
    except (ValueError, RecursionError) as error:
        place = _not_finite(event.payload)
        what = f"NaN or an infinite number at {place}" if place else f"what JSON cannot ({error})"
        raise ArgumentError(
            f"the payload of {event.kind!r} holds {shorten(what, 200)}; write None for a value that is not there",
            code="BadEvent",
        ) from error
    return text


def _check_known(event: Event) -> None:
    missing = [key for key in _REQUIRED.get(event.kind, ()) if key not in event.payload]
    if missing:
        raise ArgumentError(f"the event {event.kind!r} lacks {', '.join(missing)}", code="BadEvent")
    check = _CHECKS.get(event.kind)
    try:
        if check is not None:
            check(event.payload)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArgumentError(
            f"the event {event.kind!r} cannot be read back ({type(error).__name__}: {shorten(str(error))})",
            code="BadEvent",
        ) from error


def _check_asked(payload: Mapping[str, Any]) -> None:
    _text(payload["query"], "query")
    _count(payload["turn"], "turn")
    for item in payload["items"]:
        _text(item, "item")


def _check_told(payload: Mapping[str, Any]) -> None:
    if payload.get("query") is not None:
        _text(payload["query"], "query")
    for data in payload["answers"]:
        answer = Answer.from_json(data)
        _text(answer.annotator, "annotator")
        float(answer.cost)


def _check_fitted(payload: Mapping[str, Any]) -> None:
    _count(payload["round"], "round")
    _count(payload["labels"], "labels")
    if payload["model"] is not None:
        _text(payload["model"], "model")
    float(payload.get("cost", 0.0))


def _check_stopped(payload: Mapping[str, Any]) -> None:
    _text(payload["rule"], "rule")
    _text(payload["text"], "text")


_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "asked": _check_asked,
    "told": _check_told,
    "fitted": _check_fitted,
    "stopped": _check_stopped,
}


def _text(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {type(value).__name__}")


def _count(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not 0 <= int(value) < 2**62:
        raise TypeError(f"{name} must be a whole number ≥ 0, got {value!r}")


def _not_finite(value: Any, place: str = "") -> str:
    """Where the first NaN or infinite number is, as a dotted path; "" when there is none."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else place
    parts: list[tuple[object, Any]] = []
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        parts = list(enumerate(value))
    if place.count(".") > 50:
        return ""
    return next((found for key, v in parts if (found := _not_finite(v, f"{place}.{key}" if place else str(key)))), "")


def first_digest(stream: str) -> bytes:
    """What stands before the first event of a stream."""
    return blake2b(stream.encode("utf-8"), digest_size=DIGEST_BYTES).digest()


def chain(before: bytes, seq: int, at: float, kind: str, payload: str) -> bytes:
    """Digest of an event, over itself and the digest of the one before it: 16 bytes."""
    h = blake2b(before, digest_size=DIGEST_BYTES)
    name = kind.encode("utf-8")
    h.update(struct.pack(">qdq", seq, at, len(name)))
    h.update(name)
    h.update(payload.encode("utf-8"))
    return h.digest()
