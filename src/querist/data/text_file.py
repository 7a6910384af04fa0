"""The text of a file, or a named fault: which encoding was met, at which byte."""

from __future__ import annotations

import codecs
from pathlib import Path

from querist.core.errors import DataError, ResourceError, shorten_path

__all__ = ["check_file", "decode_text", "read_bytes", "read_text"]


def check_file(path: Path) -> None:
    """Refuse what is not a file that can be opened.

    Raises:
        DataError: missing, a folder, a device, or unreadable (code ``NoData``), with the path as it was given.
    """
    shown = shorten_path(path)
    try:
        if path.is_dir():
            raise DataError(f"cannot read {shown}: it is a folder, and a file is needed", code="NoData")
        with path.open("rb"):
            pass
        if not path.is_file():
            raise DataError(f"cannot read {shown}: it is not a plain file", code="NoData")
    except OSError as error:
        raise DataError(f"cannot read {shown}: {error.strerror or error}", code="NoData") from error


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: missing, a folder, or unreadable (code ``NoData``), with the path as it was given.
        ResourceError: it does not fit in memory (code ``OutOfMemory``).
    """
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {shorten_path(path)}: {error.strerror or error}", code="NoData") from error
    except MemoryError as error:
        raise ResourceError(f"{path.name} does not fit in memory", code="OutOfMemory") from error


def read_text(path: Path) -> str:
    """The UTF-8 text of a file; a byte order mark is taken off.

    Raises:
        DataError: unreadable (code ``NoData``), another encoding, or a NUL (``BadEncoding``), with the byte offset.
    """
    return decode_text(read_bytes(path), path.name)


def decode_text(data: bytes, name: str) -> str:
    """The text of UTF-8 bytes; a byte order mark is taken off.

    Args:
        data: the bytes.
        name: of the file, for messages.

    Raises:
        DataError: another encoding, or a NUL (code ``BadEncoding``), with the byte offset.
    """
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
        (codecs.BOM_UTF32_BE, "UTF-32"),
        (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"),
    ):
        if data.startswith(mark):
            raise DataError(f"{name} is {encoding} (its mark stands at byte 0); save it as UTF-8", code="BadEncoding")
    skipped = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    nul = data.find(b"\0")
    if nul >= 0:
        even = data[0:200:2].count(0), data[1:200:2].count(0)
        guess = "UTF-16 without a mark" if max(even) > len(data[:200]) // 4 else "not text, or damaged"
        raise DataError(f"{name} holds a NUL at byte {nul} ({guess}); save it as UTF-8", code="BadEncoding")
    try:
        return data[skipped:].decode("utf-8") if skipped else data.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + skipped
        raise DataError(
            f"{name} is not UTF-8: byte 0x{data[offset]:02x} at offset {offset} (Latin-1 or Windows-1252?); save it as "
            "UTF-8",
            code="BadEncoding",
        ) from error
