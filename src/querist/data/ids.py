"""Stable ids: the given ones, or a digest of the content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from querist.core.errors import DataError, shorten

__all__ = ["Contents", "content_ids", "digest_rows", "given_ids"]

Contents = list[bytes]
"""A 16-byte digest of each item's content."""


def given_ids(ids: Sequence[Any], count: int, name: str) -> list[str]:
    """Given ids as text, checked.

    Raises:
        DataError: a wrong number (``LengthMismatch``), an empty id (``BadId``) or one that comes twice
            (``DuplicateId``, naming the id and its rows).
    """
    texts = [str(i) for i in (ids.tolist() if hasattr(ids, "tolist") else ids)]
    if len(texts) != count:
        raise DataError(f"{name}: {len(texts)} ids for {count} items; give one id an item", code="LengthMismatch")
    seen: dict[str, int] = {}
    for row, text in enumerate(texts):
        if not text or "\0" in text:
            raise DataError(f"{name}: the id of row {row} is empty or holds a NUL: {text!r}", code="BadId")
        if text in seen:
            raise DataError(
                f"{name}: id {shorten(text)!r} stands in rows {seen[text]} and {row}; ids must differ",
                code="DuplicateId",
            )
        seen[text] = row
    return texts


def digest_rows(array: Any) -> Contents:
    """A digest of each row of an array: its bytes, shape and kind of numbers."""
    kind = f"{array.dtype.str}{array.shape[1:]}".encode()
    start = hashlib.blake2b(kind, digest_size=16)
    out: Contents = []
    for block in range(0, len(array), 4096):
        for row in np.ascontiguousarray(array[block : block + 4096]):
            h = start.copy()
            h.update(row)
            out.append(h.digest())
    return out


def digest_texts(texts: Iterable[str]) -> Contents:
    """A digest of each text."""
    return [hashlib.blake2b(t.encode("utf-8", "surrogatepass"), digest_size=16).digest() for t in texts]


def content_ids(contents: Contents) -> list[str]:
    """Ids from content: the digest in hex; equal contents get -1, -2 ... in order."""
    seen: Counter[bytes] = Counter()
    out: list[str] = []
    for content in contents:
        before = seen[content]
        out.append(content.hex() if before == 0 else f"{content.hex()}-{before}")
        seen[content] += 1
    return out
