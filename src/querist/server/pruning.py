"""Which models of a live loop are kept: a round follows each answer, and thousands of models would fill the disk."""

from __future__ import annotations

import math
import sqlite3

from querist.server.changes import STREAM

__all__ = ["worn"]

LAST = 20
"""So many of the newest models are kept in any case."""
_STEP = 0.1
_LEAST_STEP = 5


def worn(connection: sqlite3.Connection) -> list[str]:
    """Digests of the models that are let go: neither among the newest, nor the first with a tenth more labels.

    Those that stay make the learning curve; what a model said when it asked stands in the hand-outs.
    """
    rows = connection.execute(
        "SELECT round, labels, digest FROM model WHERE stream = ? AND digest IS NOT NULL ORDER BY round", (STREAM,)
    ).fetchall()
    kept = {digest for _, _, digest in rows[-LAST:]}
    mark = -math.inf
    for _, labels, digest in rows:
        if labels >= mark:
            kept.add(digest)
            mark = labels + max(_LEAST_STEP, math.ceil(_STEP * labels))
    return list(dict.fromkeys(digest for _, _, digest in rows if digest not in kept))
