"""One JSON object a line: what happened, never with whose words. No item, label, note, token or path goes in.

Values are numbers, truth values, and short names of our own; a longer text is refused, so that data cannot slip in.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any, TextIO

__all__ = ["line", "log", "to_handler", "to_stream"]

log = logging.getLogger("querist.server")
_LONGEST = 120


def line(event: str, **fields: Any) -> None:
    """Write a line at level INFO.

    >>> import logging
    >>> logging.getLogger("querist.server").isEnabledFor(logging.INFO)
    False
    """
    if not log.isEnabledFor(logging.INFO):
        return
    for name, value in fields.items():
        if not (value is None or isinstance(value, (bool, int, float)) or _short(value)):
            raise TypeError(f"the field {name} of a log line must be a number or a short name")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = json.dumps({"at": stamp, "event": event, **fields})
    log.handle(logging.LogRecord(log.name, logging.INFO, "", 0, text, None, None))  # who called is of no use here


def _short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isascii() and value.isprintable()


def to_stream(stream: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """Have the lines go to a stream (stderr); a server calls this once. The handler can be removed again."""
    return to_handler(logging.StreamHandler(stream or sys.stderr), level)


def to_handler(handler: logging.Handler, level: int = logging.INFO) -> logging.Handler:
    """Have the lines go to a handler; a server calls this once."""
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(handler)
    log.setLevel(level)
    log.propagate = False
    return handler
