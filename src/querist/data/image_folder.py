"""Sources from folders of images: a folder per class, or flat. Broken images are set aside with the reason."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError, QueristWarning
from querist.core.types import Array
from querist.data.ids import Contents
from querist.data.source import Noticed, Source, kept_rows

__all__ = ["ImageSource", "image_source"]

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_MOST_PIXELS = 25_000_000
_MOST_BYTES = 50 << 20


class ImageSource(Source):
    """Items are image files, decoded when they are taken.

    Args:
        paths: the files.
        size: width and height to which images are resized.
        mode: Pillow's mode, "RGB" or "L".
        contents: digest of each file.
        **more: see `Source`.
    """

    def __init__(self, paths: list[Path], size: int, mode: str, contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="image", **more)
        self.paths, self.size, self.mode = paths, size, mode

    def take(self, rows: NDArray[np.int64] | slice) -> Array:
        """(n, channels, size, size) uint8."""
        numbers = range(len(self))[rows] if isinstance(rows, slice) else rows.tolist()
        return np.stack([_decode(self.paths[r], self.size, self.mode) for r in numbers])


def image_source(root: Path, *, size: int | None = None, mode: str = "RGB", dedupe: bool = False) -> Source:
    """Read a folder of images; ids are paths below it, and sub-folders, where all images have one, are classes.

    Raises:
        DataError: no folder (``NoData``), or no image in it that can be read (``EmptyPool``).
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder", code="NoData")
    inside = root.resolve()
    good: list[Path] = []
    contents: Contents = []
    bad: list[tuple[str, str]] = []
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        reason = "" if path.resolve().is_relative_to(inside) else "a link out of the folder"
        reason = reason or _fault(path)
        if reason:
            bad.append((name, reason))
        else:
            good.append(path)
            contents.append(hashlib.blake2b(path.read_bytes(), digest_size=16).digest())
    if bad:
        first = "; ".join(f"{name}: {reason}" for name, reason in bad[:3])
        warnings.warn(f"{root.name}: {len(bad)} images are set aside: {first}", QueristWarning, stacklevel=3)
    if not good:
        raise DataError(f"the pool has 0 items: {root.name} holds no image that can be read", code="EmptyPool")
    rows = kept_rows(contents, dedupe)
    good, contents = [good[r] for r in rows], [contents[r] for r in rows]
    ids = [path.relative_to(root).as_posix() for path in good]
    folders = [name.split("/")[0] if "/" in name else None for name in ids]
    truth = None if None in folders else [str(f) for f in folders]
    return ImageSource(
        good, size or 64, mode, contents, ids=ids, truth=truth, name=root.name, noticed=Noticed(quarantined=tuple(bad))
    )


def _fault(path: Path) -> str:
    """Why an image cannot be used, or ""."""
    from PIL import Image, UnidentifiedImageError

    bytes_ = path.stat().st_size
    if bytes_ == 0:
        return "the file is empty"
    if bytes_ > _MOST_BYTES:
        return f"{bytes_ >> 20} MB, more than {_MOST_BYTES >> 20}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.width * image.height > _MOST_PIXELS:
                    return f"{image.width} x {image.height} pixels, more than {_MOST_PIXELS:,}"
                image.load()
    except UnidentifiedImageError:
        return "not an image (wrong first bytes)"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"cannot be decoded: {error}"
    return ""


def _decode(path: Path, size: int, mode: str) -> Array:
    from PIL import Image

    with Image.open(path) as image:
        pixels = np.asarray(image.convert(mode).resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
