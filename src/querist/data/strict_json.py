"""JSON held to what JSON itself, SQLite and other programs can carry: no NaN, no key twice, no number beyond 64 bits."""

from __future__ import annotations

import json
import math
from typing import Any

from querist.core.errors import shorten

__all__ = ["DECODER", "DEEPEST", "RefusedError", "check", "doubtful", "parse_object"]

DEEPEST = 32
"""Levels of lists and objects."""


def parse_object(line: str) -> dict[str, Any]:
    """The object of a line.

    Raises:
        ValueError: what is wrong, beginning with the column.
    """
    try:
        value = DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"column {error.colno}: {error.msg}") from error
    except RecursionError:
        raise ValueError(f"column 1: more than {DEEPEST} levels") from None
    except RefusedError as error:
        column = max(line.find(error.token), 0) + 1
        raise ValueError(f"column {column}: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"column 1: an object {{...}} is needed, got {shorten(line, 40)}")
    if doubtful(line):
        check(value)
    return value


def doubtful(text: str) -> bool:
    """Whether the value of a JSON text needs `check`; False for nearly all, which saves half the time of reading.

    Halves of surrogate pairs come from escapes alone, and 33 levels need 32 brackets.
    """
    return "\\u" in text or text.count("[") + text.count("{") >= DEEPEST


class RefusedError(ValueError):
    """A token that JSON readers elsewhere choke on.

    Args:
        token: as it stands in the line.
        why: what is wrong with it.
    """

    def __init__(self, token: str, why: str) -> None:
        super().__init__(why)
        self.token = token


def _constant(name: str) -> Any:
    raise RefusedError(name, f"{name} is no JSON number; write null or leave the key out")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise RefusedError(text, f"the number {shorten(text, 20)} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > 20 or not -(1 << 63) <= int(text) < 1 << 63:
        raise RefusedError(text, f"the whole number {shorten(text, 20)} has more than 64 bits; write it as text")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise RefusedError(json.dumps(key), f"key {shorten(key)!r} stands there twice")
        out[key] = value
    return out


def check(value: Any, depth: int = 1) -> None:
    """Refuse deep nesting and halves of surrogate pairs.

    Args:
        value: what was parsed.
        depth: the level on which it stands, from 1.

    Raises:
        ValueError: what is wrong.
    """
    if depth > DEEPEST:
        raise ValueError(f"column 1: more than {DEEPEST} levels")
    if isinstance(value, dict):
        for key, inner in value.items():
            check(key, depth)
            check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check(inner, depth + 1)
    elif isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"column 1: half a surrogate pair in {shorten(ascii(value), 40)}") from error


DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_once)
"""Raises `RefusedError` for a token that is not allowed; what it gives still wants `check`."""
