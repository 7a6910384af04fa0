"""Cursors of pages: where the next page begins, signed, so that a client can only hand back what it was given."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from querist.server.problems import Problem

__all__ = ["read_cursor", "write_cursor"]

_SIGNED = 16
"""Bytes of the signature."""


def _sign(secret: bytes, text: bytes) -> bytes:
    return hmac.new(secret, b"cursor\0" + text, hashlib.sha256).digest()[:_SIGNED]


def write_cursor(secret: bytes, place: dict[str, Any]) -> str:
    """A cursor that `read_cursor` with the same secret takes.

    >>> read_cursor(b"s" * 32, write_cursor(b"s" * 32, {"row": 4}))
    {'row': 4}
    """
    text = json.dumps(place, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_sign(secret, text) + text).decode().rstrip("=")


def read_cursor(secret: bytes, cursor: str) -> dict[str, Any]:
    """What the cursor says.

    Raises:
        Problem: it is none of ours (400, code ``BadCursor``).
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    signature, text = raw[:_SIGNED], raw[_SIGNED:]
    if len(signature) < _SIGNED or not hmac.compare_digest(signature, _sign(secret, text)):
        raise Problem(400, "BadCursor", "cursor: none that this project has given out; begin without one")
    return dict(json.loads(text))
