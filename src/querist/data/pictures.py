"""Decoding pictures: what is refused, and how pixels come out."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.types import Array

__all__ = ["check_size", "decode", "image_fault", "thumbnail"]

_MOST_PIXELS = 25_000_000
_MOST_BYTES = 50 << 20
_SIZE = 64


def check_size(size: int | None) -> int:
    """Width and height to which images are resized; 64 when it is None.

    Raises:
        ArgumentError: no whole number from 1 to 4096 (code ``BadSize``).
    """
    if size is None:
        return _SIZE
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 4096:
        raise ArgumentError(f"size must be a whole number of pixels from 1 to 4096, got {size!r}", code="BadSize")
    return size


def image_fault(file: Path | bytes) -> str:
    """Why an image cannot be used, or "".

    Args:
        file: a path, or the bytes of a file.
    """
    from PIL import Image, UnidentifiedImageError

    too_many = f"more than {_MOST_PIXELS:,} pixels"
    try:
        count = len(file) if isinstance(file, bytes) else os.stat(file).st_size
        if count == 0:
            return "the file is empty (0 bytes)"
        if count > _MOST_BYTES:
            return f"{count / (1 << 20):.0f} MiB, more than {_MOST_BYTES >> 20}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(_openable(file)) as image:
                if image.width * image.height > _MOST_PIXELS:
                    return f"{image.width} x {image.height}: {too_many}"
                image.convert("RGB")
    except UnidentifiedImageError:
        return "not an image of a known kind (wrong first bytes)"
    except Image.DecompressionBombError:
        return too_many
    except Exception as error:  # the decoders of damaged files raise many classes
        return f"cannot be decoded: {shorten(str(error) or type(error).__name__)}"
    return ""


def decode(file: Path | bytes, size: int, mode: str) -> Array:
    """The pixels of an image, turned upright: (channels, size, size) uint8.

    Args:
        file: a path, or the bytes of a file.
        size: width and height.
        mode: Pillow's mode, "RGB" or "L" (grey).
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(_openable(file)) as image:
            upright = _upright(image).convert(mode)
        pixels = np.asarray(upright.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def thumbnail(file: Path, size: int, mode: str = "RGB") -> Array:
    """Small pixels of an image that may be large: (channels, size, size) uint8, turned upright.

    A JPEG is decoded at a fraction of its size, which is many times faster than `decode` and differs from it slightly.

    Raises:
        DataError: too large, or it cannot be decoded (code ``BadImage``).
    """
    from PIL import Image

    try:
        if os.stat(file).st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES >> 20} MiB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise ValueError(f"{image.width} x {image.height} pixels are more than {_MOST_PIXELS:,}")
                image.draft(mode, (2 * size, 2 * size))
                upright = _upright(image).convert(mode)
            pixels = np.asarray(upright.resize((size, size), Image.Resampling.BILINEAR), dtype=np.uint8)
    except Exception as error:  # the decoders of damaged files raise many classes
        raise DataError(
            f"the image {file.name} cannot be used: {shorten(str(error) or type(error).__name__)}", code="BadImage"
        ) from error
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _upright(image: Any) -> Any:
    """Cameras store a turn beside the pixels; a damaged note about it is no reason to lose the image."""
    from PIL import ImageOps

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _openable(file: Path | bytes) -> Path | io.BytesIO:
    return io.BytesIO(file) if isinstance(file, bytes) else file
