"""SQLite's errors as named ones: full disk, damaged file, busy file, file that cannot be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

from querist.core.errors import QueristError, ResourceError, StateError
from querist.data.atomic import disk_full

__all__ = ["corrupt", "damaged", "named", "translate"]

# A file size limit or a quota shows as a failed write, a full disk as FULL; both mean "cannot write".
_SHM_SIZE = 4874
_CANNOT_WRITE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    getattr(sqlite3, "SQLITE_IOERR_SHMSIZE", _SHM_SIZE),
}


def corrupt(path: Path, check: str) -> StateError:
    """The error of a damaged file: which, what showed it, and the way back."""
    return StateError(
        f"{path} is damaged ({check}); nothing was changed. Keep the file, look at it with "
        f"'querist doctor {path.parent}', and bring the project back from a backup with "
        "'querist restore BACKUP NEW_FOLDER'",
        code="Corrupt",
    )


def damaged(what: str) -> sqlite3.DatabaseError:
    """The error that SQLite itself would give, for damage that only we can see; `named` gives it the file's name."""
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def translate(error: sqlite3.Error, path: Path, kept: str = "", needed: int | None = None) -> QueristError:
    """The named error for one of SQLite's.

    Args:
        error: what SQLite raised.
        path: the database.
        kept: a sentence that says what is safe.
        needed: about how many bytes the write needed, where that is known.
    """
    full_code = getattr(error, "sqlite_errorcode", None) or 0
    code = full_code & 0xFF
    if full_code in _CANNOT_WRITE or code == sqlite3.SQLITE_FULL:
        return disk_full(path, kept, needed, f"SQLite says: {error}")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "decode to UTF-8" in str(error):
        return corrupt(path, f"SQLite says: {error}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StateError(
            f"{path} is kept busy by another program ({error}); close what has it open, then try again", code="Locked"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ResourceError(
            f"{path} cannot be opened or written ({error}); look at the permissions of the file and its folder",
            code="NotWritable",
        )
    if code == sqlite3.SQLITE_IOERR:
        return ResourceError(f"the disk failed under {path} ({error}). {kept}".strip(), code="DiskError")
    return StateError(f"the database {path} refused ({type(error).__name__}: {error}). {kept}", code="StoreFailed")


class named:
    """Let nothing of SQLite out but named errors.

    Args:
        path: the database.
        kept: a sentence that says what is safe.
        needed: about how many bytes the write needed, where that is known.
    """

    __slots__ = ("_kept", "_needed", "_path")

    def __init__(self, path: Path, kept: str = "", needed: int | None = None) -> None:
        self._path, self._kept, self._needed = path, kept, needed

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Translate."""
        if isinstance(error, sqlite3.Error):
            raise translate(error, self._path, self._kept, self._needed) from error
        if isinstance(error, UnicodeDecodeError):  # a message of SQLite that quotes damaged bytes
            raise corrupt(self._path, f"SQLite quotes bytes that are no UTF-8: {error.object[:60]!r}") from error
