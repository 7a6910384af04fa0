"""Sources from folders of images: a folder per class, or flat. Broken images are set aside with the reason."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, QueristWarning, shorten_path
from querist.core.types import Array
from querist.data.ids import Contents, digest_bytes
from querist.data.pictures import check_size, decode, image_fault
from querist.data.source import Kept, Noticed, Source, row_numbers

__all__ = ["IMAGE_SUFFIXES", "ImageSource", "found_images", "image_source"]

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
"""Files with another ending are not looked at."""


class ImageSource(Source):
    """Items are image files, decoded when they are taken.

    Args:
        paths: the files.
        size: width and height to which images are resized.
        mode: Pillow's mode, "RGB" or "L" (grey).
        contents: (N, 16) digest of each file.
        **more: see `Source`.
    """

    def __init__(self, paths: list[Path], size: int, mode: str, contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="image", **more)
        self.paths, self.size, self.mode = paths, size, mode

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, channels, size, size) uint8, from 0 to 255.

        Raises:
            DataError: a file was changed or removed since it was looked at (code ``BadImage``).
        """
        numbers = row_numbers(rows, len(self))
        out = np.empty((len(numbers), 1 if self.mode == "L" else 3, self.size, self.size), dtype=np.uint8)
        for place, row in enumerate(numbers):
            try:
                out[place] = decode(self.paths[row], self.size, self.mode)
            except Exception as error:  # the decoders raise many classes
                raise DataError(
                    f"{self.name}: image {self.ids[row]!r} could be read before and cannot be now: {error}",
                    code="BadImage",
                ) from error
        return out


def image_source(root: Path, *, size: int | None = None, mode: str = "RGB", dedupe: bool = False) -> Source:
    """Read a folder of images; ids are paths below it, and sub-folders, where all images have one, are classes.

    Every image is decoded once: those that cannot be are set aside, with a warning, in ``source.noticed.quarantined``.
    Files and folders whose names begin with a dot are not looked at.

    Args:
        root: the folder; links that lead out of it are not followed.
        size: width and height to which images are resized; 64 when left out.
        mode: "RGB" or "L" (grey).
        dedupe: drop files that repeat the content of an earlier one.

    Raises:
        DataError: no folder, or one that cannot be listed (code ``NoData``), no image in it that can be read
            (``EmptyPool``).
        ArgumentError: size below 1 (code ``BadSize``), or another mode (``BadMode``).
    """
    size = check_size(size)
    if mode not in ("RGB", "L"):
        raise ArgumentError(f"mode must be 'RGB' or 'L', got {mode!r}", code="BadMode")
    title = root.name or root.resolve().name
    good: list[Path] = []
    ids: list[str] = []
    digests: list[Contents] = []
    bad: list[tuple[str, str]] = []
    for path, name, reason in found_images(root):
        reason = reason or image_fault(path)
        if reason:
            bad.append((name, reason))
        else:
            good.append(path)
            ids.append(name)
            digests.append(digest_bytes([path.read_bytes()]))
    if bad:
        first = "; ".join(f"{name}: {reason}" for name, reason in bad[:3])
        warnings.warn(
            f"{title}: {len(bad)} of {len(bad) + len(good)} images are set aside: {first}"
            + ("; ..." if len(bad) > 3 else ""),
            QueristWarning,
            stacklevel=2,
        )
    if not good:
        raise DataError(
            f"the pool has 0 items: {shorten_path(root)} holds no image that can be read ({len(bad)} set aside); known "
            f"endings are {', '.join(sorted(IMAGE_SUFFIXES))}",
            code="EmptyPool",
        )
    folders = [name.split("/")[0] if "/" in name else None for name in ids]
    truth = None if None in folders else [str(f) for f in folders]
    noticed = Noticed(quarantined=tuple(bad))
    kept = Kept.of(np.concatenate(digests), dedupe, ids=ids, truth=truth, name=title, noticed=noticed)
    paths = good if kept.rows is None else [good[r] for r in kept.rows.tolist()]
    return ImageSource(
        paths, size, mode, kept.contents, ids=kept.ids, truth=kept.truth, name=title, noticed=kept.noticed
    )


def found_images(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Image files below a folder in order of their ids: path, id, and why it is not to be opened or "".

    Raises:
        DataError: no folder, or one that cannot be listed (code ``NoData``).
    """
    if not root.is_dir():
        reason = "it is a file, and a folder is needed" if root.exists() else "no such folder"
        raise DataError(f"cannot read {shorten_path(root)}: {reason}", code="NoData")
    inside = root.resolve()
    found: list[tuple[str, str]] = []
    for folder, folders, files in os.walk(root, onerror=_refuse, followlinks=False):
        folders[:] = [f for f in folders if not f.startswith(".")]
        linked = [f for f in folders if os.path.islink(os.path.join(folder, f))]
        below = Path(folder).relative_to(root).as_posix()
        start = "" if below == "." else f"{below}/"
        pictures = [f for f in files if os.path.splitext(f)[1].lower() in IMAGE_SUFFIXES]
        found += [(start + f, os.path.join(folder, f)) for f in (*pictures, *linked) if not f.startswith(".")]
    for name, place in sorted(found):
        yield _looked_at(Path(place), name, inside)


def _looked_at(path: Path, name: str, inside: Path) -> tuple[Path, str, str]:
    """Path, id, and why it is not to be opened or "". A plain file of a folder that is walked lies inside."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    try:
        plain = stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        plain = False
    if plain:
        return (path, name, "") if shown == name else (path, shown, "its name is not UTF-8")
    if not path.resolve().is_relative_to(inside):
        return path, shown, "a link out of the folder"
    if path.is_dir():
        return path, shown, "a link to another folder"
    if not path.is_file():
        return path, shown, "a link to nothing, or no plain file"
    return (path, name, "") if shown == name else (path, shown, "its name is not UTF-8")


def _refuse(error: OSError) -> None:
    raise DataError(f"cannot read {shorten_path(error.filename)}: {error.strerror}", code="NoData") from error
