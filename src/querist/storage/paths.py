"""Names of files in a backup: plain ones below the project, or the backup is refused."""

from __future__ import annotations

from pathlib import Path

from querist.core.errors import DataError, shorten
from querist.data.safe_path import is_plain

__all__ = ["inside"]


def inside(root: Path, name: str, archive: Path) -> Path:
    """Where ``name`` lies below ``root``.

    Raises:
        DataError: the name is absolute, climbs with ``..``, or is no plain relative path (code ``BadArchive``).
    """
    if not is_plain(name):
        raise DataError(
            f"{archive} names the file {shorten(name)!r}, which could lie outside the project; nothing of it is taken",
            code="BadArchive",
        )
    return root.joinpath(*name.split("/"))
