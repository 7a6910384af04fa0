"""How parts are written: the text form and the Python form, with brackets only where they are needed.

Precedence is Python's: ``*`` before ``+`` before ``>>`` before ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ATOM", "PIPE", "PRODUCT", "SHIFT", "SUM", "Form", "call", "number"]

PIPE, SHIFT, SUM, PRODUCT, ATOM = 1, 2, 3, 4, 9


@dataclass(frozen=True, slots=True)
class Form:
    """Which of the two forms is being written.

    Args:
        python: True for the Python form (CamelCase, brackets after every name), False for the text form.
    """

    python: bool

    def child(self, part: Any, own: int, *, right: bool = False) -> str:
        """An operand; it gets brackets when it binds more loosely, or equally on the right."""
        inner = part
        while hasattr(inner, "selector") and not hasattr(inner, "score") and not hasattr(inner, "filter"):
            inner = inner.selector  # a plain selector reads as the selector itself
        text = str(inner.form(self))
        loose = inner.precedence < own or (right and inner.precedence == own)
        return f"({text})" if loose else text

    def value(self, value: Any) -> str:
        """A parameter's value."""
        if hasattr(value, "form"):
            return str(value.form(self))
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, float):
            return number(value)
        if isinstance(value, str):
            plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) and value not in ("True", "False", "None")
            return value if plain and not self.python else repr(value)
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self.value(k)}: {self.value(v)}" for k, v in value.items()) + "}"
        if isinstance(value, Sequence):
            return "[" + ", ".join(self.value(v) for v in value) + "]"
        return repr(value)


def call(form: Form, name: str, pairs: Sequence[tuple[str | None, Any]]) -> str:
    """``name(key=value, ...)``; a bare name in text form when there is nothing to say; no key for positional values."""
    inside = ", ".join(form.value(v) if k is None else f"{k}={form.value(v)}" for k, v in pairs)
    return f"{name}({inside})" if inside or form.python else name


def number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(value)) if not isinstance(value, int) else repr(value)
