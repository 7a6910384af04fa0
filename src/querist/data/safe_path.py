"""The one door for names of files that come from outside: opened below one root, or refused."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from querist.core.errors import DataError, shorten

__all__ = ["inside", "is_plain", "open_inside", "plain_name"]

_ODD = re.compile(r"[\x00-\x1f\x7f\\:]")
_LONGEST = 1_000
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_plain(name: object) -> bool:
    """Whether ``name`` is a relative path with / that climbs nowhere and means the same on every system."""
    text = name if isinstance(name, str) else ""
    parts = text.split("/")
    if not 0 < len(text) <= _LONGEST or _ODD.search(text) or text.startswith("~"):
        return False
    return all(part not in ("", ".", "..") for part in parts)


def inside(root: Path, name: object) -> Path:
    """Where the file ``name`` lies below ``root``, links followed. It need not be there.

    Raises:
        DataError: the name is absolute, climbs, is no plain relative path, or leads out by a link (code ``BadPath``).
            The message names the name and no place outside.
    """
    text = name if isinstance(name, str) else ""
    plain = is_plain(name) and all(p.strip(" .") and not _DEVICES.fullmatch(p) for p in text.split("/"))
    if plain:
        try:
            text.encode("utf-8")
            base = root.resolve(strict=True)
            path = base.joinpath(*text.split("/")).resolve()
            plain = path != base and path.is_relative_to(base)
        except (OSError, RuntimeError, ValueError):  # no root, a loop of links, a name too long
            plain = False
    if not plain:
        raise DataError(
            f"the file name {shorten(ascii(name))} is no plain path below the folder of the data, or leads out of it; it "
            "is not opened",
            code="BadPath",
        )
    return path


def open_inside(root: Path, name: object) -> BinaryIO:
    """Open the file ``name`` below ``root`` for reading.

    Raises:
        DataError: see `inside`; it is missing, or no plain file (code ``NoData``).
    """
    path = inside(root, name)
    # The path has no links any more; one that is put there in between is not followed, a pipe does not block.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise DataError(f"cannot open {shorten(ascii(name))}: {error.strerror}", code="NoData") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"cannot open {shorten(ascii(name))}: it is no plain file", code="NoData")
    return os.fdopen(descriptor, "rb")


def plain_name(text: str, other: str = "item") -> str:
    """``text`` as the name of one file or folder: letters, digits and ``._- `` stay, all else becomes ``_``.

    >>> plain_name("a/../b"), plain_name(""), plain_name("..")
    ('a_.._b', 'item', 'item')
    """
    name = re.sub(r"[^\w. -]", "_", text)[:100].strip(" .")
    return other if not name or _DEVICES.fullmatch(name) else name
