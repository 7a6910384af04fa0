"""Digests of files and folders: BLAKE2b, 32 bytes, as hexadecimal text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from querist.core.errors import DataError

__all__ = ["file_digest", "files_in", "folder_digest"]

_BLOCK = 1 << 20


def file_digest(path: Path) -> str:
    """Digest of a file's bytes."""
    h = blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            h.update(block)
    return h.hexdigest()


def folder_digest(folder: Path) -> str:
    """Digest of a folder: of the names of its files, with the folders above them, and of their bytes.

    Times, permissions and empty folders play no part.
    """
    h = blake2b(digest_size=32)
    for name, path in files_in(folder):
        encoded = name.encode("utf-8", "surrogateescape")
        h.update(len(encoded).to_bytes(8, "big"))
        h.update(encoded)
        h.update(bytes.fromhex(file_digest(path)))
    return h.hexdigest()


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file below ``folder`` with its name relative to it (``a/b.txt``), sorted.

    Raises:
        DataError: a link or something else that is neither file nor folder (code ``NotAFile``).
    """
    found: list[tuple[str, Path]] = []
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise DataError(f"{path} is a link or no plain file; only files and folders are kept", code="NotAFile")
        found += [(Path(root, name).relative_to(folder).as_posix(), Path(root, name)) for name in names]
    yield from sorted(found)
