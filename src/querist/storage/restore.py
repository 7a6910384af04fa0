"""A project made anew from a backup: everything is checked before anything appears, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from querist.core.errors import DataError, ResourceError, StateError, shorten
from querist.data.atomic import disk_full, disk_full_named, staging, sync_folder, sync_tree
from querist.data.sqlite_errors import corrupt
from querist.storage.backup import FORMAT, JOURNAL, MANIFEST
from querist.storage.connection import reader
from querist.storage.digest import file_digest
from querist.storage.paths import inside

__all__ = ["RestoreReport", "restore"]

_LARGEST_MANIFEST = 256 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored.

    Args:
        folder: the project.
        files: how many files came back.
        streams: last event of each stream of the journal.
    """

    folder: Path
    files: int
    streams: dict[str, int]


def restore(archive: Path | str, folder: Path | str) -> RestoreReport:
    """Make the project ``folder`` from a backup.

    Every file is compared with the digest that the backup names, the journal is checked by SQLite, and only then does
    the folder appear. Names that could lie outside it are refused; a file larger than it says is cut off and refused.

    Args:
        archive: what `backup` made: a folder or a zip file.
        folder: where to; it must be missing or empty.

    Raises:
        StateError: ``folder`` holds something (code ``NotEmpty``), a file has changed (``DigestMismatch``), the journal
            is damaged (``Corrupt``) or newer than the program (``NewerSchema``).
        DataError: ``archive`` is no backup (code ``BadArchive``).
        ResourceError: no space (code ``DiskFull``) or no right to write (``NotWritable``).
    """
    archive, folder = Path(archive), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StateError(
            f"{folder} is not empty, and a restore overwrites nothing; give a new folder, and move it when you are "
            "content",
            code="NotEmpty",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        kept = f"The backup {archive} is untouched, and no half project is left."
        with disk_full_named(folder, kept), staging(folder.parent) as box, _open(archive) as source:
            streams, files = _manifest(source, archive)
            _check_space(files, folder, kept)
            fresh = box / "project"
            fresh.mkdir()
            for name, entry in files.items():
                _bring(source, archive, fresh, name, entry)
            _check_journal(fresh / JOURNAL, archive)
            sync_tree(fresh)
            if folder.exists():
                folder.rmdir()
            os.rename(fresh, folder)
            sync_folder(folder.parent)
    except PermissionError as error:
        raise ResourceError(
            f"{error.filename or folder} cannot be read or written ({error.strerror}); look at its permissions",
            code="NotWritable",
        ) from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise _bad(archive, f"the zip file is damaged ({error})") from error
    return RestoreReport(folder, len(files), streams)


class _Folder:
    """A backup that is a plain folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, name: str) -> IO[bytes]:
        path = inside(self.path, name, self.path)
        for step in (path, *path.parents):
            if step == self.path:
                break
            if step.is_symlink():
                raise _bad(self.path, f"{name!r} is a link, or lies behind one")
        if not path.is_file():
            raise _bad(self.path, f"the file {name!r} is missing")
        return path.open("rb")


class _Zip:
    """A backup that is a zip file; every name in it is looked at before any is opened."""

    def __init__(self, file: zipfile.ZipFile, path: Path) -> None:
        self.file = file
        self.entries: dict[str, zipfile.ZipInfo] = {}
        for entry in file.infolist():
            inside(path, entry.filename.rstrip("/"), path)
            if entry.is_dir():
                continue
            mode = entry.external_attr >> 16
            if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
                raise _bad(path, f"{shorten(entry.filename)!r} is a link or no plain file")
            if entry.filename in self.entries:
                raise _bad(path, f"it holds {shorten(entry.filename)!r} twice")
            if entry.flag_bits & 1:
                raise _bad(path, f"{shorten(entry.filename)!r} is encrypted")
            self.entries[entry.filename] = entry
        self.path = path

    def open(self, name: str) -> IO[bytes]:
        if name not in self.entries:
            raise _bad(self.path, f"the file {name!r} is missing")
        return self.file.open(self.entries[name])


@contextmanager
def _open(archive: Path) -> Iterator[_Folder | _Zip]:
    with ExitStack() as stack:
        if archive.is_dir():
            yield _Folder(archive)
        elif not archive.is_file():
            raise DataError(f"there is no backup at {archive}", code="BadArchive")
        elif zipfile.is_zipfile(archive):
            yield _Zip(stack.enter_context(zipfile.ZipFile(archive)), archive)
        else:
            raise _bad(archive, "it is neither a folder nor a zip file")


def _manifest(source: _Folder | _Zip, archive: Path) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
    """Streams, and size and digest of each file, as the backup says."""
    with source.open(MANIFEST) as file:
        raw = file.read(_LARGEST_MANIFEST + 1)
    if len(raw) > _LARGEST_MANIFEST:
        raise _bad(archive, f"{MANIFEST} is larger than {_LARGEST_MANIFEST:,} bytes")
    try:
        data: Mapping[str, Any] = json.loads(raw.decode("utf-8"))
        number = data["format"]
        files = {str(n): (int(e["size"]), str(e["blake2b"])) for n, e in data["files"].items()}
        streams = {str(name): int(seq) for name, seq in data["streams"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(archive, f"{MANIFEST} cannot be read ({type(error).__name__}: {shorten(str(error))})") from error
    if number != FORMAT:
        raise _bad(archive, f"its format is {shorten(number)}, and this program reads {FORMAT}")
    if JOURNAL not in files:
        raise _bad(archive, f"it holds no {JOURNAL}")
    return streams, files


def _check_space(files: Mapping[str, tuple[int, str]], folder: Path, kept: str) -> None:
    needed = sum(max(size, 0) for size, _ in files.values())
    if needed > shutil.disk_usage(folder.parent).free:
        raise disk_full(folder, kept, needed, "the backup is larger than the free space")


def _bring(source: _Folder | _Zip, archive: Path, fresh: Path, name: str, entry: tuple[int, str]) -> None:
    """Copy one file, never more bytes than the backup says, and compare it."""
    size, digest = entry
    to = inside(fresh, name, archive)
    to.parent.mkdir(parents=True, exist_ok=True)
    taken = 0
    with source.open(name) as file, to.open("xb") as out:
        while block := file.read(min(_BLOCK, size - taken + 1)):
            taken += len(block)
            if taken > size:
                raise _mismatch(archive, name, f"it has more than the {size:,} bytes that {MANIFEST} says")
            out.write(block)
    if taken != size:
        raise _mismatch(archive, name, f"it has {taken:,} bytes, and {MANIFEST} says {size:,}")
    if file_digest(to) != digest:
        raise _mismatch(archive, name, "its digest differs")


def _check_journal(path: Path, archive: Path) -> None:
    with reader(path, check=False) as connection:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise corrupt(archive / JOURNAL, f"integrity_check: {found}")


def _mismatch(archive: Path, name: str, why: str) -> StateError:
    return StateError(
        f"the file {shorten(name)!r} of the backup {archive} is not what was put there: {why}; use another backup",
        code="DigestMismatch",
    )


def _bad(archive: Path, why: str) -> DataError:
    return DataError(
        f"{archive} is no backup that can be restored: {why}; `querist backup` makes one", code="BadArchive"
    )
