"""Write a file in one step: a reader sees the old file or the new one, never a half."""

from __future__ import annotations

import os
from pathlib import Path

from querist.data.atomic import TEMPORARY, disk_full_named, sync_file, sync_folder

__all__ = ["write_in_one_step"]


def write_in_one_step(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path`` and move it there; on failure the old file stays and no draft is left.

    Raises:
        ResourceError: the disk is full (``DiskFull``).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        with disk_full_named(path, "What was there before is kept.", len(content)):
            draft.write_bytes(content)
            sync_file(draft)
            os.replace(draft, path)
            sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
