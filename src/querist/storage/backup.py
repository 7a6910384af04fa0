"""A copy of a project that is consistent although the project is in use; a folder, or one zip file."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from querist.core.errors import ArgumentError, ResourceError, StateError
from querist.data.atomic import TEMPORARY, disk_full_named, staging, sync_file, sync_folder, sync_tree
from querist.data.sqlite_errors import named
from querist.storage.connection import reader
from querist.storage.digest import file_digest
from querist.storage.migration import schema_version

__all__ = ["ITEMS", "JOURNAL", "MANIFEST", "BackupReport", "backup"]

JOURNAL = "journal.db"
MANIFEST = "backup.json"
FORMAT = 1
ITEMS = "items.db"
_COMPANIONS = frozenset(
    {JOURNAL + suffix for suffix in ("", "-wal", "-shm", "-journal", ".lock")}
    | {ITEMS + suffix for suffix in ("", "-wal", "-shm", "-journal")}
)
_SECRETS = frozenset({"secret", "sessions.json"})
"""Who is logged in: of no use elsewhere, and nobody's who finds the backup."""
_SKIPPED = frozenset({"cache", "__pycache__", ".git", "audit.lock"})


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds.

    Args:
        path: the backup.
        files: how many files it holds, the journal among them.
        size: their bytes.
        streams: last event of each stream of the journal that is in the backup.
        left_out: names that were not taken: links, caches, secrets, unfinished files.
    """

    path: Path
    files: int
    size: int
    streams: dict[str, int]
    left_out: tuple[str, ...] = ()


def backup(project: Path | str, target: Path | str) -> BackupReport:
    """Copy the project in the folder ``project`` to ``target``.

    The journal is copied in one step of SQLite's backup interface, so that it holds all events up to some moment and
    none after; artifacts follow, for whatever an event names was there before the event. The other files of the folder
    are taken as they are (specification, data), but not links, ``cache`` folders and unfinished files. The backup
    appears under its name when it is whole and on the disk.

    Args:
        project: folder of the project; a session may be running in it.
        target: the backup: a zip file where the name ends in ``.zip``, else a folder. It must not exist, nor lie in the
            project.

    Raises:
        StateError: no project there (code ``NoJournal``), a damaged or newer journal, or the target exists
            (``TargetExists``).
        ArgumentError: the target lies in the project (code ``BadTarget``).
        ResourceError: no space (code ``DiskFull``) or no right to write (``NotWritable``); nothing is left behind.
    """
    project, target = Path(project), Path(target)
    _check_target(project, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            disk_full_named(target, "The project is untouched, and no half backup is left."),
            staging(target.parent) as box,
        ):
            folder = box / "backup"
            folder.mkdir()
            streams, schema = _copy_journal(project / JOURNAL, folder / JOURNAL)
            if (project / ITEMS).is_file():  # after the journal, which then speaks of no item that is not there
                _copy_items(project / ITEMS, folder / ITEMS)
            left_out = tuple(_copy_files(project, folder))
            files = _write_manifest(folder, streams, schema)
            if target.suffix == ".zip":
                done = box / "backup.zip"
                _zip(folder, done)
                sync_file(done)
            else:
                done = folder
                sync_tree(folder)
            os.rename(done, target)
            sync_folder(target.parent)
    except PermissionError as error:
        raise ResourceError(
            f"{error.filename or target} cannot be read or written ({error.strerror}); look at its permissions",
            code="NotWritable",
        ) from error
    return BackupReport(target, len(files), sum(files.values()), streams, left_out)


def _check_target(project: Path, target: Path) -> None:
    if not (project / JOURNAL).is_file():
        raise StateError(
            f"{project} is no project: it has no {JOURNAL}; give the folder that `querist init` made", code="NoJournal"
        )
    if target.exists() or target.is_symlink():
        raise StateError(f"{target} exists, and a backup overwrites nothing; choose another name", code="TargetExists")
    if target.resolve().is_relative_to(project.resolve()):
        raise ArgumentError(
            f"{target} lies in the project {project} itself, and would be lost with it; choose a place outside",
            code="BadTarget",
        )


def _copy_journal(source: Path, target: Path) -> tuple[dict[str, int], int]:
    """A snapshot of the journal; the last event of each stream in it, and its schema version."""
    with named(target, "The project is untouched."), reader(source) as connection:
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            connection.backup(copy)  # all pages in one step: one read transaction, a writer goes on beside it
            # a header that says "write-ahead log" would have readers make companions beside the backup
            copy.execute("PRAGMA journal_mode = DELETE").close()
            streams = dict(copy.execute("SELECT stream, max(seq) FROM event GROUP BY stream ORDER BY stream"))
            version = schema_version(copy)
        finally:
            copy.close()
    return streams, version


def _copy_items(source: Path, target: Path) -> None:
    """A snapshot of a labelling project's items, while an import may be running."""
    with named(target, "The project is untouched."):
        connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").close()
        finally:
            copy.close()
            connection.close()


def _copy_files(project: Path, folder: Path) -> Iterator[str]:
    """Copy everything but the journal; the names of what is left out."""
    for root, folders, names in os.walk(project):
        here = Path(root)
        below = here.relative_to(project)
        for name in sorted(folders):
            if (here / name).is_symlink() or name in _SKIPPED or name.startswith((TEMPORARY, ".damaged-")):
                folders.remove(name)
                yield (below / name).as_posix()
        for name in sorted(names):
            path = here / name
            if here == project and (name in _COMPANIONS or name == MANIFEST):
                continue
            secret = here == project and name in _SECRETS
            if secret or path.is_symlink() or not path.is_file() or name.startswith(TEMPORARY):
                yield (below / name).as_posix()
                continue
            to = folder / below / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


def _write_manifest(folder: Path, streams: dict[str, int], schema: int) -> dict[str, int]:
    """Write the list of files with sizes and digests; gives back the sizes."""
    from querist import __version__

    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    files = {p.relative_to(folder).as_posix(): {"size": p.stat().st_size, "blake2b": file_digest(p)} for p in paths}
    manifest = {
        "format": FORMAT,
        "querist": __version__,
        "schema": schema,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "streams": streams,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return {name: p.stat().st_size for name, p in zip(files, paths, strict=True)}


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive:
        archive.write(folder / MANIFEST, MANIFEST)  # first, so that it is found without reading the rest
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST):
            archive.write(path, path.relative_to(folder).as_posix())
