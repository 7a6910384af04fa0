"""JSON at the edge: what Python's reader lets through and a database or another language chokes on is refused here.

Refused, with a JSON pointer to the place and the rule that is broken: NaN and Infinity, numbers that overflow, whole
numbers beyond 64 bits, a key twice in one object, more than 32 levels, a lone surrogate.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

__all__ = ["DEEPEST", "BadJson", "loads"]

DEEPEST = 32
"""Levels of arrays and objects."""
_SURROGATE = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_LONGEST_INT = 20
"""Characters of the longest whole number of 64 bits, with its sign."""


class BadJson(ValueError):
    """JSON that is refused.

    Args:
        rule: a short sentence: what is not allowed.
        pointer: where, as a JSON pointer (RFC 6901), or None when the text is no JSON at all.
    """

    def __init__(self, rule: str, pointer: str | None) -> None:
        super().__init__(rule if pointer is None else f"{rule}, at {pointer or 'the top'}")
        self.rule, self.pointer = rule, pointer


class _Fault:
    """Stands in the parsed tree where something is refused, so that its pointer can be found."""

    __slots__ = ("key", "rule")

    def __init__(self, rule: str, key: str | None = None) -> None:
        self.rule, self.key = rule, key


def loads(body: bytes) -> Any:
    """The value in ``body``.

    >>> loads(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> loads(b'{"a": [1, NaN]}')
    Traceback (most recent call last):
    querist.server.strict_json.BadJson: NaN is no number of JSON, at /a/1

    Raises:
        BadJson: no JSON, no UTF-8, or one of the rules above.
    """
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(body)
    found: list[_Fault] = []

    def fault(rule: str, key: str | None = None) -> _Fault:
        found.append(_Fault(rule, key))
        return found[-1]

    def whole(text: str) -> Any:
        if len(text) <= _LONGEST_INT and -(2**63) <= int(text) < 2**63:
            return int(text)
        return fault("a whole number must fit 64 bits")

    def real(text: str) -> Any:
        value = float(text)
        return value if math.isfinite(value) else fault("the number is too large")

    def fields(pairs: list[tuple[str, Any]]) -> Any:
        out = dict(pairs)
        if len(out) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            out[twice] = fault("the same key stands twice in one object", twice)
        return out

    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            parse_int=whole,
            parse_float=real,
            parse_constant=lambda name: fault(f"{name} is no number of JSON"),
            object_pairs_hook=fields,
        )
    except UnicodeDecodeError as error:
        raise BadJson(f"the text is not UTF-8 (byte {error.start})", None) from None
    except json.JSONDecodeError as error:
        raise BadJson(f"the text is not JSON: {error.msg} (line {error.lineno}, column {error.colno})", None) from None
    if found or _SURROGATE.search(body):
        _refuse(value, "")
    return value


def _check_depth(body: bytes) -> None:
    depth = 0
    for match in _BRACKETS.finditer(body):
        first = body[match.start()]
        if first in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise BadJson(f"more than {DEEPEST} levels of arrays and objects", None)
        elif first in b"]}":
            depth -= 1


def _refuse(value: Any, pointer: str) -> None:
    """Raise for the first fault below ``value``; the depth is already known to be small."""
    if isinstance(value, _Fault):
        raise BadJson(value.rule, pointer)
    if isinstance(value, str):
        _check_text(value, pointer)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _refuse(part, f"{pointer}/{number}")
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_text(key, pointer)
            _refuse(part, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")


def _check_text(text: str, pointer: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadJson("half of a surrogate pair stands alone", pointer)
