"""The text of a file, or a named fault: which encoding was met, at which byte."""

from __future__ import annotations

import codecs
from pathlib import Path

from querist.core.errors import DataError, ResourceError, shorten

__all__ = ["read_bytes", "read_text"]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: missing, a folder, or unreadable (code ``NoData``), with the path as it was given.
        ResourceError: it does not fit in memory (code ``OutOfMemory``).
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {shorten(str(path))}: {error.strerror}", code="NoData") from error
    except MemoryError as error:
        raise ResourceError(f"{path.name} does not fit in memory", code="OutOfMemory") from error


def read_text(path: Path) -> str:
    """The UTF-8 text of a file; a byte order mark is taken off.

    Raises:
        DataError: another encoding, or a NUL (code ``BadEncoding``), with the byte offset.
    """
    data = read_bytes(path)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path.name} is UTF-16 (byte 0); save it as UTF-8", code="BadEncoding")
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    nul = data.find(b"\0")
    if nul >= 0:
        raise DataError(
            f"{path.name} holds a NUL at byte {nul}: it is no UTF-8 text (UTF-16 without a mark?); save it as UTF-8",
            code="BadEncoding",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}; save it as UTF-8",
            code="BadEncoding",
        ) from error
