"""The one way from a name that came from outside to a file: below one root, no link that leads out, a plain file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from querist.core.errors import DataError
from querist.storage.paths import inside

__all__ = ["below", "open_below"]


def below(root: Path, name: str) -> Path | None:
    """The plain file ``name`` (relative, with /) below ``root``, links resolved; None when there is none.

    A name that is absolute, climbs, holds a backslash, a colon or a control character, and a link that leads out of the
    root, are all the same as a file that is not there: nobody learns what lies outside.
    """
    try:
        found = inside(root, name, root).resolve(strict=True)
        if not found.is_relative_to(root.resolve(strict=True)) or not stat.S_ISREG(found.stat().st_mode):
            return None
    except (DataError, OSError, ValueError, RuntimeError):  # also loops of links, and names that no disk takes
        return None
    return found


def open_below(root: Path, name: str) -> int | None:
    """A descriptor to read the file that `below` names, or None; the caller closes it.

    It is opened without following a link, so that one put there in the meantime is not followed either, and without
    waiting, so that a pipe cannot hold it up.
    """
    path = below(root, name)
    if path is None:
        return None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor
