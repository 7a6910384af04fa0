"""Stable ids: the given ones, or a digest of the content with an ordinal for copies.

Ids from content are not kept as text: sixteen bytes an item, turned into text when one is looked at. A pool of a
million items costs 16 MB that way and not 90.
"""

from __future__ import annotations

import hashlib
import numbers
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError, shorten
from querist.core.rows import Rows
from querist.core.types import Array

__all__ = ["ContentIds", "Contents", "copy_numbers", "digest_bytes", "digest_rows", "digest_texts", "given_ids"]

Contents: TypeAlias = NDArray[np.uint8]
"""(N, 16) digest of each item's content."""

_SIZE = 16
_BLOCK_BYTES = 1 << 24


class ContentIds(Sequence[str]):
    """Ids from content: the digest in hex; copies of an earlier item get -1, -2 ... in order.

    Args:
        contents: (N, 16) digests.
        copies: (N,) how many earlier items have the same content.
    """

    __slots__ = ("_bytes", "_copies", "_count")

    def __init__(self, contents: Contents, copies: NDArray[np.int64]) -> None:
        self._count = len(contents)
        self._bytes = contents.tobytes()
        self._copies = {int(row): f"-{copies[row]}" for row in np.flatnonzero(copies)}

    def __len__(self) -> int:
        """How many ids."""
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """One id, or a list of ids for a slice."""
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(self._count))]
        row = range(self._count)[index]  # refuses what lies outside, counts from the end when negative
        text = self._bytes[row * _SIZE : row * _SIZE + _SIZE].hex()
        return text + self._copies[row] if row in self._copies else text

    def __iter__(self) -> Iterator[str]:
        """All ids in order."""
        text, width = self._bytes.hex(), 2 * _SIZE
        plain = (text[at : at + width] for at in range(0, len(text), width))
        if not self._copies:
            return plain
        return (item + self._copies.get(row, "") for row, item in enumerate(plain))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """(N,) array of text, much faster than item by item."""
        if self._copies:
            return np.array(list(self), dtype=dtype)
        text = np.frombuffer(self._bytes.hex().encode(), dtype=f"S{2 * _SIZE}")
        found: Array = text.astype(dtype or np.str_)
        return found

    def __repr__(self) -> str:
        """How many, and the first."""
        return f"<{len(self):,} ids from content, first {self[0]!r}>" if len(self) else "<no ids>"


def given_ids(ids: Sequence[Any] | Array, count: int, name: str) -> list[str]:
    """Given ids as text, checked.

    Args:
        ids: texts or whole numbers.
        count: how many there must be.
        name: of the source, for messages.

    Raises:
        DataError: a wrong number (code ``LengthMismatch``), an id that is neither text nor whole number, is empty or
            cannot be stored (``BadId``), or one that comes twice (``DuplicateId``, naming the id and its rows).
    """
    plain = ids.tolist() if isinstance(ids, np.ndarray) else ids
    if len(plain) != count:
        raise DataError(f"{name}: {len(plain)} ids for {count} items; give one id an item", code="LengthMismatch")
    texts = [i if type(i) is str else _text(i, row, name) for row, i in enumerate(plain)]
    if "" in texts or not _storable("".join(texts)):
        row = next(row for row, text in enumerate(texts) if not text or not _storable(text))
        raise DataError(
            f"{name}: the id of row {row} is empty, or holds a NUL or half a surrogate pair: {shorten(ascii(texts[row]))}; "
            "ids must be plain text",
            code="BadId",
        )
    if len(set(texts)) < count:
        raise _twice(texts, name)
    return texts


def _text(value: Any, row: int, name: str) -> str:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, numbers.Integral)):
        raise DataError(
            f"{name}: the id of row {row} is {type(value).__name__} {shorten(value)}; ids must be texts or whole numbers",
            code="BadId",
        )
    return str(value)


def _storable(text: str) -> bool:
    """Whether text survives JSON, SQLite and a terminal: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _twice(texts: list[str], name: str) -> DataError:
    repeated = {text: count for text, count in Counter(texts).items() if count > 1}
    text, count = next(iter(repeated.items()))
    rows = [row for row, other in enumerate(texts) if other == text]
    where = ", ".join(map(str, rows[:-1][:4])) + (" ... and " if count > 5 else " and ") + str(rows[-1])
    more = f"; {len(repeated) - 1} more ids come more than once" if len(repeated) > 1 else ""
    return DataError(f"{name}: id {shorten(text)!r} stands in rows {where}{more}; ids must differ", code="DuplicateId")


def digest_rows(array: Array) -> Contents:
    """A digest of each row of an array: its bytes, shape and kind of numbers.

    Args:
        array: (N, ...) numbers, N at least 1 and no other dimension 0; a memory-map is read from its file,
            a block at a time, so that its pages stay out of memory.

    Returns:
        (N, 16) uint8.
    """
    start = hashlib.blake2b(f"{array.dtype.str}{array.shape[1:]}".encode(), digest_size=_SIZE)
    width = array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
    step = max(1, _BLOCK_BYTES // width)
    out = bytearray()
    for _, rows in Rows(array).blocks(step):
        block: Any = np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
        view = memoryview(block)
        for place in range(0, len(view), width):
            digest = start.copy()
            digest.update(view[place : place + width])
            out += digest.digest()
    return _contents(out)


def digest_texts(texts: Iterable[str]) -> Contents:
    """A digest of each text: (N, 16) uint8."""
    return digest_bytes(text.encode("utf-8", "surrogatepass") for text in texts)


def digest_bytes(values: Iterable[bytes]) -> Contents:
    """A digest of each string of bytes: (N, 16) uint8."""
    return _contents(b"".join([hashlib.blake2b(value, digest_size=_SIZE).digest() for value in values]))


def _contents(digests: bytes | bytearray) -> Contents:
    return np.frombuffer(digests, dtype=np.uint8).reshape(-1, _SIZE)


def copy_numbers(contents: Contents) -> NDArray[np.int64]:
    """How many earlier items have the same content: (N,) int64, 0 for the first of each content."""
    count = len(contents)
    words = np.ascontiguousarray(contents).view(np.uint64)
    order = np.lexsort((words[:, 1], words[:, 0]))  # stable: copies stay in order
    ordered = words[order]
    new = np.ones(count, dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    places = np.arange(count, dtype=np.int64)
    out = np.empty(count, dtype=np.int64)
    out[order] = places - np.maximum.accumulate(np.where(new, places, 0))
    return out
