"""Write a file of results whole or not at all, its folder too where it is missing."""

from __future__ import annotations

from pathlib import Path

from querist.data.atomic import disk_full_named, write_whole

__all__ = ["write_in_one_step"]


def write_in_one_step(path: Path, content: bytes) -> None:
    """Make the folder of ``path`` and `write_whole` it.

    Raises:
        ResourceError: the disk is full (``DiskFull``).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk_full_named(path, "What was there before is kept.", len(content)):
        write_whole(path, content)
