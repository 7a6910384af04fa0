"""Writing so that a reader finds the old or the new, never a mixture, also after a power cut."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from querist.core.errors import QueristError, ResourceError

__all__ = [
    "TEMPORARY",
    "disk_full",
    "disk_full_named",
    "no_space",
    "staging",
    "sync_file",
    "sync_folder",
    "sync_tree",
    "write_whole",
]

TEMPORARY = ".new-"
"""What names of unfinished files and folders begin with."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def sync_file(path: Path) -> None:
    """Have a file's content on the disk."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Have a folder's list of names on the disk; where folders cannot be synced (Windows), nothing."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Have a folder with all it holds on the disk."""
    for root, _, files in os.walk(folder, topdown=False):
        for name in files:
            sync_file(Path(root, name))
        sync_folder(Path(root))


@contextmanager
def staging(beside: Path) -> Iterator[Path]:
    """A fresh folder on the same disk as ``beside``, removed at the end unless it was renamed away."""
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file beside ``path`` and move it there when it is on the disk; on failure the old file stays.

    Args:
        path: the file; its folder is there.
        content: all of it.
        private: whether only its owner may read it.
    """
    draft = path.with_name(f"{TEMPORARY}{os.getpid()}-{threading.get_ident()}-{path.name}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def disk_full_named(where: Path, kept: str, needed: int | None = None) -> Iterator[None]:
    """Turn "no space left" into the named error, saying what was kept.

    Raises:
        ResourceError: the disk, a quota or a limit on file sizes is full (code ``DiskFull``).
    """
    try:
        yield
    except Exception as error:
        if not no_space(error):
            raise
        raise disk_full(where, kept, needed, str(error)) from error


def no_space(error: BaseException) -> bool:
    """Whether an error says that the disk, a quota or a limit on file sizes is full.

    >>> no_space(OSError(errno.ENOSPC, "No space left on device")), no_space(KeyError("x"))
    (True, False)
    """
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, QueristError):  # it has its name already, and may quote the cause
        return False
    found = _OS_ERROR.search(str(error))  # libraries written in Rust (safetensors) have errors of their own
    return found is not None and int(found[1]) in _FULL


def disk_full(where: Path, kept: str, needed: int | None, cause: str) -> ResourceError:
    """The named error of a write that found no space."""
    try:
        folder = next(p for p in (where, *where.parents) if p.exists())
        free = f"{shutil.disk_usage(folder).free:,} bytes are free on its disk"
    except (OSError, StopIteration):
        free = "how much is free cannot be told"
    need = f"about {needed:,} bytes are needed" if needed is not None else "more space is needed"
    return ResourceError(
        f"cannot write {where}: out of space, or a quota or file size limit is reached ({cause}); {need}, {free}. "
        f"{kept} Make space and try again",
        code="DiskFull",
    )
