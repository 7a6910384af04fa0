"""The one way from a name that came from outside to a file: below one root, no link that leads out, a plain file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from querist.core.errors import DataError
from querist.data.safe_path import inside, open_inside

__all__ = ["below", "open_below"]


def below(root: Path, name: str) -> Path | None:
    """The plain file ``name`` (relative, with /) below ``root``, links resolved; None when there is none.

    A name that is absolute, climbs, holds a backslash, a colon or a control character, and a link that leads out of the
    root, are all the same as a file that is not there: nobody learns what lies outside.
    """
    try:
        found = inside(root, name)
        return found if stat.S_ISREG(found.stat().st_mode) else None
    except (DataError, OSError):
        return None


def open_below(root: Path, name: str) -> int | None:
    """A descriptor to read the file that `below` names, or None; the caller closes it.

    It is opened without following a link, so that one put there in the meantime is not followed either, and without
    waiting, so that a pipe cannot hold it up.
    """
    try:
        with open_inside(root, name) as file:
            return os.dup(file.fileno())
    except (DataError, OSError):
        return None
