"""A file of features that is filled batch by batch, and goes on where a killed run left it.

While it is filled it is ``NAME.part``: rows of float32 and nothing else; ``NAME.mark`` says how many rows are whole, how
wide they are, and their check sum. Only when every row is there does it become ``NAME.npy``, by one rename, so that a
reader finds the whole or nothing. One process fills a file; a second one meanwhile works on a file of its own, as every
one does on Windows.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from querist.core.errors import DataError, shorten
from querist.core.types import Array

__all__ = ["FeatureFile", "filling", "read_features"]

_HEAD = 128
"""Bytes kept free in front of the rows for the head of the .npy format."""
_BLOCK = 1 << 22


class FeatureFile:
    """Rows of a file that is being filled.

    Args:
        file: open for reading and writing.
        mark: where the mark is kept; None keeps none.
        count: rows when it is full.
    """

    def __init__(self, file: BinaryIO, mark: Path | None, count: int) -> None:
        self._file, self._mark, self._count = file, mark, count
        self.rows, self.width, self._sum = 0, 0, 0
        if mark is not None:
            self._go_on(mark)
        file.truncate(self._end)
        file.seek(self._end)

    @property
    def _end(self) -> int:
        return _HEAD + self.rows * self.width * 4

    def add(self, rows: Array) -> None:
        """Write (n, D) float32 rows behind the others."""
        self.width = rows.shape[1]
        written = np.ascontiguousarray(rows, dtype="<f4").tobytes()
        self._file.write(written)
        self._sum = zlib.crc32(written, self._sum)
        self.rows += len(rows)

    def keep(self) -> None:
        """Make the rows so far durable, then say so."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if self._mark is not None:
            beside = self._mark.with_name(f"{self._mark.name}.new")
            said = {"rows": self.rows, "width": self.width, "crc32": self._sum, "of": self._count}
            beside.write_text(json.dumps(said), encoding="utf-8")
            os.replace(beside, self._mark)

    def finish(self) -> None:
        """Write the head in front of the rows."""
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({self.rows}, {self.width}), }}"
        fixed = b"\x93NUMPY\x01\x00" + (_HEAD - 10).to_bytes(2, "little")
        self._file.seek(0)
        self._file.write(fixed + head.ljust(_HEAD - 11).encode() + b"\n")
        self.keep()

    def _go_on(self, mark: Path) -> None:
        """Take up what the mark says is whole, if it is."""
        try:
            said = json.loads(mark.read_text(encoding="utf-8"))
            rows, width, total, wanted = (int(said[k]) for k in ("rows", "width", "crc32", "of"))
        except (OSError, ValueError, KeyError, TypeError):
            return
        if wanted != self._count or not 0 < rows <= self._count or width < 1:
            return
        self._file.seek(_HEAD)
        left, found = rows * width * 4, 0
        while left > 0:
            block = self._file.read(min(_BLOCK, left))
            if not block:
                return
            found, left = zlib.crc32(block, found), left - len(block)
        if found == total:
            self.rows, self.width, self._sum = rows, width, total


@contextmanager
def filling(path: Path, count: int) -> Iterator[FeatureFile]:
    """A file to be filled that becomes ``path`` when the block ends well and every row is there.

    After an error the rows that are whole stay for the next run.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, mark = path.with_suffix(".part"), path.with_suffix(".mark")
    with part.open("a+b"):
        pass  # made when it is not there
    with part.open("r+b") as file:
        if _locked(file) and _still(file, part):
            rows = FeatureFile(file, mark, count)
            try:
                yield rows
            except BaseException:
                _leave(rows, part, mark)
                raise
            rows.finish()
            os.replace(part, path)
            mark.unlink(missing_ok=True)
            return
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".npy")
    try:
        with os.fdopen(handle, "r+b") as own:
            rows = FeatureFile(own, None, count)
            yield rows
            rows.finish()
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _leave(rows: FeatureFile, part: Path, mark: Path) -> None:
    """Keep what is whole for the next run; nothing at all where there is nothing."""
    with contextlib.suppress(OSError):  # the disk may be what failed
        if rows.rows:
            rows.keep()
        else:
            part.unlink(missing_ok=True)
            mark.unlink(missing_ok=True)


def read_features(path: Path, count: int) -> Array:
    """The whole file as a memory-map: (count, D) float32.

    Raises:
        DataError: it is damaged, or of something else (code ``BadCache``).
    """
    try:
        features = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the cached features {path.name} cannot be read ({shorten(str(error))}); delete the file to compute them "
            "again",
            code="BadCache",
        ) from error
    if features.ndim != 2 or len(features) != count or features.dtype != np.float32:
        raise DataError(
            f"the cached features {path.name} are {features.dtype} of shape {features.shape} and not float32 for {count} "
            "items; delete the file to compute them again",
            code="BadCache",
        )
    return np.asanyarray(features)


def _locked(file: Any) -> bool:
    """Take the file for this process until it is closed; False when another has it, or where files cannot be taken."""
    try:
        import fcntl
    except ImportError:  # Windows, which moreover renames no open file: there a killed run begins again
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _still(file: Any, path: Path) -> bool:
    """Whether the open file is still the one of this name, and not renamed between opening and locking."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
