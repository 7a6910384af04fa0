"""JSON held to what JSON itself, SQLite and other programs can carry.

Refused: NaN and Infinity, numbers that overflow, whole numbers beyond 64 bits, a key twice in one object, more than 32
levels of lists and objects, half of a surrogate pair. Python's own reader lets all of them through.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from querist.core.errors import shorten

__all__ = ["DECODER", "DEEPEST", "BadJson", "RefusedError", "check", "doubtful", "loads", "parse_object"]

DEEPEST = 32
"""Levels of lists and objects."""
_LONGEST_INT = 20
"""Characters of the longest whole number of 64 bits, with its sign."""
_LEVELS = f"more than {DEEPEST} levels of lists and objects"


class BadJson(ValueError):
    """JSON that is refused.

    Args:
        rule: a short sentence: what is not allowed.
        pointer: where, as a JSON pointer (RFC 6901), or None when there is no telling.
    """

    def __init__(self, rule: str, pointer: str | None) -> None:
        super().__init__(rule if pointer is None else f"{rule}, at {pointer or 'the top'}")
        self.rule, self.pointer = rule, pointer


class RefusedError(ValueError):
    """A token that JSON readers elsewhere choke on.

    Args:
        token: as it stands in the line.
        why: what is wrong with it.
    """

    def __init__(self, token: str, why: str) -> None:
        super().__init__(why)
        self.token = token


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
        raise ValueError(f"column 1: {_LEVELS}") from None
    except RefusedError as error:
        column = max(line.find(error.token), 0) + 1
        raise ValueError(f"column {column}: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"column 1: an object {{...}} is needed, got {shorten(line, 40)}")
    if doubtful(line):
        try:
            check(value)
        except BadJson as error:
            raise ValueError(f"column 1: {error}") from None
    return value


def loads(body: bytes) -> Any:
    """The value in ``body``, which is UTF-8.

    >>> loads(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> loads(b'{"a": [1, NaN]}')
    Traceback (most recent call last):
    querist.data.strict_json.BadJson: NaN is no number of JSON; write null or leave the key out, at /a/1

    Raises:
        BadJson: no JSON, no UTF-8, or one of the rules above.
    """
    try:
        text = body.decode("utf-8")
        value = DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise BadJson(f"the text is not UTF-8 (byte {error.start})", None) from None
    except json.JSONDecodeError as error:
        raise BadJson(f"the text is not JSON: {error.msg} (line {error.lineno}, column {error.colno})", None) from None
    except RecursionError:
        raise BadJson(_LEVELS, None) from None
    except RefusedError as error:
        raise _placed(text, error) from None
    if doubtful(text):
        check(value)
    return value


def doubtful(text: str) -> bool:
    """Whether the value of a JSON text needs `check`; False for nearly all, which saves half the time of reading.

    Halves of surrogate pairs come from escapes alone, and 33 levels need 33 brackets.
    """
    return "\\u" in text or text.count("[") + text.count("{") > DEEPEST


def check(value: Any) -> None:
    """Refuse deep nesting and halves of surrogate pairs.

    Raises:
        BadJson: what is wrong; deep nesting has no pointer.
    """
    _walk(value, "", 1)


def _walk(value: Any, pointer: str, level: int) -> None:
    if isinstance(value, _Fault):
        raise BadJson(value.rule, pointer)
    if isinstance(value, str):
        _check_text(value, pointer)
    elif isinstance(value, (dict, list)):
        if level > DEEPEST:
            raise BadJson(_LEVELS, None)
        if isinstance(value, list):
            for number, part in enumerate(value):
                _walk(part, f"{pointer}/{number}", level + 1)
        else:
            for key, part in value.items():
                _check_text(key, pointer)
                _walk(part, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", level + 1)


def _check_text(text: str, pointer: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadJson(f"half a surrogate pair in {shorten(ascii(text), 40)}", pointer)


def _constant(name: str) -> Any:
    raise RefusedError(name, f"{name} is no number of JSON; write null or leave the key out")


def _float(text: str) -> Any:
    value = float(text)
    if math.isinf(value):
        raise RefusedError(text, f"the number {shorten(text, 20)} is too large")
    return value


def _int(text: str) -> Any:
    if len(text) > _LONGEST_INT or not -(1 << 63) <= int(text) < 1 << 63:
        raise RefusedError(text, f"the whole number {shorten(text, 20)} has more than 64 bits; write it as text")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        key = _repeated(pairs)
        raise RefusedError(json.dumps(key), f"key {shorten(ascii(key))} stands there twice")
    return out


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise LookupError("no key stands there twice")


DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_once)
"""Raises `RefusedError` for a token that is not allowed; what it gives still wants `check`."""


class _Fault:
    """Stands in a parsed tree where a token is refused, so that its pointer can be found."""

    __slots__ = ("rule",)

    def __init__(self, rule: str) -> None:
        self.rule = rule


def _placed(text: str, refused: RefusedError) -> BadJson:
    """The error with its pointer: the text is read again, and faults stand where the tokens were."""

    def kept(read: Callable[[str], Any]) -> Callable[[str], Any]:
        def hook(token: str) -> Any:
            try:
                return read(token)
            except RefusedError as error:
                return _Fault(str(error))

        return hook

    def fields(pairs: list[tuple[str, Any]]) -> Any:
        try:
            return _once(pairs)
        except RefusedError as error:
            return {**dict(pairs), _repeated(pairs): _Fault(str(error))}

    try:
        _walk(
            json.loads(
                text,
                parse_int=kept(_int),
                parse_float=kept(_float),
                parse_constant=kept(_constant),
                object_pairs_hook=fields,
            ),
            "",
            1,
        )
    except BadJson as error:
        return error
    except json.JSONDecodeError as error:  # the first reading stopped before this
        return BadJson(f"the text is not JSON: {error.msg} (line {error.lineno}, column {error.colno})", None)
    except RecursionError:
        return BadJson(_LEVELS, None)
    return BadJson(str(refused), None)
