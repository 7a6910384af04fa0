"""Posts that come again: what was said to a key, kept in the very transaction of what the post did (promise R10)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from typing import Any

from querist.core.errors import ArgumentError, shorten

__all__ = ["digest_of", "keep", "repeated"]


def digest_of(kind: str, *parts: object) -> bytes:
    """What tells two posts apart, in 16 bytes.

    Args:
        kind: undo, classes ...
        parts: of the body, as JSON knows them.
    """
    return hashlib.blake2b(json.dumps([kind, *parts]).encode(), digest_size=16).digest()


def repeated(connection: sqlite3.Connection, person: str, key: str, digest: bytes) -> Any:
    """What was said when this post came first; None when it never came.

    Raises:
        ArgumentError: the key came with another post (code ``KeyReused``).
    """
    row = connection.execute("SELECT body, text, at FROM reply WHERE person = ? AND key = ?", (person, key)).fetchone()
    if row is None:
        return None
    if row[0] != digest:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row[2]))
        raise ArgumentError(
            f"the key {shorten(key)!r} came with another post at {when} UTC; give each post a key of its own",
            code="KeyReused",
        )
    return json.loads(row[1])


def keep(connection: sqlite3.Connection, person: str, key: str, digest: bytes, said: object, at: float) -> None:
    """Remember what is said to a post."""
    connection.execute("INSERT INTO reply VALUES (?, ?, ?, 200, ?, ?)", (person, key, digest, json.dumps(said), at))
