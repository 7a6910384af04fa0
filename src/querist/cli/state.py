"""What was said before the verb."""

from __future__ import annotations

__all__ = ["debug", "set_debug"]

_said = {"debug": False}


def set_debug(value: bool) -> None:
    """Whether tracebacks are wanted."""
    _said["debug"] = value


def debug() -> bool:
    """Whether tracebacks are wanted."""
    return _said["debug"]
