"""The errors of querist: one root and six children, each with a stable ``code``.

The children double as the built-in error that a caller would expect (``ValueError``, ``TypeError``, ``LookupError``),
and each carries the exit code of the command line. A message says what was wrong, shows the value and names the next
step; ``code`` is the stable name that programs may match on.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "DataError",
    "QueristError",
    "QueristWarning",
    "ResourceError",
    "StateError",
    "UnknownNameError",
    "nearest",
    "shorten",
    "shorten_path",
]


class QueristError(Exception):
    """Root of all named errors.

    Args:
        message: what was wrong, the value, and the next step.
        code: the stable name of this error, CamelCase without the word "Error" where it reads well.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with the code kept."""
        return (_rebuild, (type(self), str(self), self.code))


def _rebuild(cls: type[QueristError], message: str, code: str) -> QueristError:
    return cls(message, code=code)


class ArgumentError(QueristError, ValueError):
    """A value that a caller passed, or a setting, is out of range or does not fit the others."""

    exit_code: ClassVar[int] = 2


class ArgumentTypeError(QueristError, TypeError):
    """A value of the wrong kind was passed."""

    exit_code: ClassVar[int] = 2


class UnknownNameError(QueristError, LookupError):
    """A name (strategy, parameter, item, label, key) that is not known; the nearest right one is named."""

    exit_code: ClassVar[int] = 2


class DataError(QueristError, ValueError):
    """A file or an array holds something that cannot be used."""

    exit_code: ClassVar[int] = 3


class StateError(QueristError, RuntimeError):
    """The project or session is in a state that does not allow this: locked, exhausted, corrupt, in conflict."""

    exit_code: ClassVar[int] = 4


class ResourceError(QueristError, RuntimeError):
    """The machine lacks something: disk, memory, a device, an optional package."""

    exit_code: ClassVar[int] = 5


class QueristWarning(UserWarning):
    """Something was handled, and the user should know."""


def nearest(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """The known names most like ``name``, best first; at most ``count``, perhaps none.

    >>> nearest("margn", ["margin", "entropy"])
    ['margin']
    """
    names = {str(k).lower(): str(k) for k in known}
    found = difflib.get_close_matches(str(name).lower(), list(names), n=count, cutoff=0.5)
    return [names[f] for f in found]


def shorten(value: object, width: int = 80) -> str:
    """``value`` as text of at most ``width`` characters, for messages."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def shorten_path(path: object, width: int = 80) -> str:
    """A path as text of at most ``width`` characters; the end is kept, for it names the file."""
    text = str(path)
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
