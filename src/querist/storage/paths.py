"""The one door for names of files that come from outside: a safe relative path, or a refusal."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from querist.core.errors import DataError, shorten

__all__ = ["inside"]

_ODD = re.compile(r"[\x00-\x1f\\:]")


def inside(root: Path, name: str, archive: Path) -> Path:
    """Where ``name`` lies below ``root``.

    Raises:
        DataError: the name is absolute, climbs with ``..``, or is no plain relative path (code ``BadArchive``).
    """
    parts = name.split("/") if isinstance(name, str) else []
    plain = bool(parts) and not _ODD.search(name) and all(part not in ("", ".", "..") for part in parts)
    if not plain or PurePosixPath(name).is_absolute() or name.startswith("~"):
        raise DataError(
            f"{archive} names the file {shorten(name)!r}, which could lie outside the project; nothing of it is taken",
            code="BadArchive",
        )
    return root.joinpath(*parts)
