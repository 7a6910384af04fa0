"""What writers are fed with (`Exported`), and what they say was not kept (`Lost`)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from querist.core.errors import ResourceError
from querist.core.types import Json
from querist.data.atomic import TEMPORARY, disk_full_named, sync_folder
from querist.data.formats.reading import Task
from querist.data.record import Record, StoredItem

__all__ = ["About", "Exported", "Losses", "Lost", "whole_file", "whole_folder"]


@dataclass(frozen=True, slots=True)
class Exported:
    """An item on its way out.

    Args:
        record: the item.
        answers: what was said about it, in order: objects as in `Record.labels`. One with ``"counted": False`` is history:
            undone, late or replaced.
        state: "unlabelled", "pending", "labelled", "skipped" or "rejected".
        flag: whether somebody marked it.
        flag_note: what they wrote.
    """

    record: Record | StoredItem
    answers: Sequence[Mapping[str, Json]] = ()
    state: str = "unlabelled"
    flag: bool = False
    flag_note: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a writer has to know of the project.

    Args:
        task: what a label is.
        classes: their names, in order.
        low: smallest number, or None.
        high: largest number, or None.
        root: folder below which image files lie, or None.
    """

    task: Task = "single"
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that a format has no place for.

    Args:
        what: e.g. "soft label".
        items: of how many items.
        how: what came of it: left out, or kept where only querist reads it.
    """

    what: str
    items: int
    how: str = "left out"

    def __str__(self) -> str:
        """One line for people.

        >>> str(Lost("soft label", 2))
        'soft label of 2 items: left out'
        """
        return f"{self.what} of {self.items:,} item{'s' * (self.items != 1)}: {self.how}"


@dataclass
class Losses:
    """Counts what is lost."""

    _counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, what: str, how: str = "left out") -> None:
        """One more item that loses ``what``."""
        self._counts[what, how] = self._counts.get((what, how), 0) + 1

    def found(self) -> list[Lost]:
        """All, in the order in which they were met first."""
        return [Lost(what, count, how) for (what, how), count in self._counts.items()]


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of ``path`` at the end, or leaves it as it was when something fails.

    Raises:
        ResourceError: it cannot be written (code ``NotWritable``), or the disk is full (``DiskFull``).
    """
    with _named(path):
        descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
    fresh = Path(name)
    try:
        with disk_full_named(path, _KEPT):
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            with _named(path):
                os.replace(fresh, path)
                sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A fresh folder, renamed to ``path`` at the end; ``path`` must be missing or empty.

    Raises:
        ResourceError: it is there and holds something, or cannot be written (code ``NotWritable``), or the disk is full
            (``DiskFull``).
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ResourceError(f"{path} is there and not an empty folder; name a new one", code="NotWritable")
    with _named(path):
        fresh = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=path.parent))
    try:
        with disk_full_named(path, _KEPT):
            yield fresh
            with _named(path):
                if path.exists():
                    path.rmdir()
                os.replace(fresh, path)
                sync_folder(path.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


_KEPT = "Nothing of it was kept, and what was there before is as it was; the project is whole."


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name what keeps a file from being made or put in its place; the disk being full has a name of its own."""
    try:
        with disk_full_named(path, _KEPT):
            yield
    except OSError as error:
        raise ResourceError(
            f"cannot write {path} ({error.strerror or error}); its folder must be there and writable",
            code="NotWritable",
        ) from error
