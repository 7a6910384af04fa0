"""A process that only decodes pictures, under limits: ``python -m querist.server.picture_process``.

It is handed, over a socket pair, one message a picture, ``{"to": path, "side": pixels}`` with the open file beside it;
it answers one line, ``{"width", "height", "kind"}`` or ``{"why"}``. A picture that breaks a decoder
takes this process with it and nothing else. Limits of the operating system: 512 MB of memory, 10 s of computing a picture,
64 MB a file; limits of ours: 50 MB in, 25 million pixels, the first frame only, no vector graphics.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import warnings
from typing import Any

__all__ = ["KINDS", "MOST_BYTES", "MOST_PIXELS", "convert", "main"]

MOST_PIXELS = 25_000_000
MOST_BYTES = 50 << 20
_MEMORY = 512 << 20
_SECONDS = 10
_WRITTEN = 64 << 20
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_READ = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""Kinds that are opened; the many others of Pillow are not tried."""
_SMALL = 512


class Refused(Exception):
    """A picture that is not shown, with the reason."""


def convert(descriptor: int, to: str, side: int) -> dict[str, Any]:
    """Read a picture, write it anew as PNG or JPEG without anything but its pixels, turned upright.

    Args:
        descriptor: the open file.
        to: where to; written beside and renamed.
        side: a picture that is longer is made smaller.

    Returns:
        Its width and height before it was made smaller, and the kind that was written.

    Raises:
        Refused: it is too large, or no picture.
    """
    from PIL import Image

    size = os.fstat(descriptor).st_size
    if size == 0:
        raise Refused("the file is empty (0 bytes)")
    if size > MOST_BYTES:
        raise Refused(f"{size / (1 << 20):.0f} MiB, more than {MOST_BYTES >> 20}")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        with Image.open(file, formats=_READ) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused(f"{image.width} x {image.height}: more than {MOST_PIXELS:,} pixels")
            lossless = image.format not in ("JPEG", "WEBP") or max(image.size) <= _SMALL
            if image.format == "JPEG" and max(image.size) > 2 * side:
                image.draft("RGB", (side, side))
            first = _upright(image)
    width, height = first.size
    plain = _plain(first)
    del first
    plain.thumbnail((side, side))
    kind = "PNG" if lossless or plain.mode in ("RGBA", "LA") else "JPEG"
    draft = f"{to}.{os.getpid()}.part"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            plain.save(out, kind, **({"quality": 90} if kind == "JPEG" else {"compress_level": 3}))
        os.replace(draft, to)
    finally:
        if os.path.exists(draft):
            os.unlink(draft)
    return {"width": width, "height": height, "kind": kind}


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged note about the turn is no reason to lose the picture
        return image.copy()


def _plain(image: Any) -> Any:
    """Pixels that a browser can show, without notes, profiles or further frames."""
    from PIL import Image

    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        low, high = image.convert("F").getextrema()
        scale = 255.0 / (high - low) if high > low else 0.0
        image = image.convert("F").point(lambda v: v * scale - low * scale)
        return image.convert("L")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    mode = image.mode if image.mode in ("L", "RGB", "RGBA", "LA") else "RGB"
    plain = Image.new(mode, image.size)
    plain.paste(image if image.mode == mode else image.convert(mode))
    return plain


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_FSIZE, _WRITTEN), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _more_time() -> None:
    """The limit on computing counts from the start of the process: move it before each picture."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + _SECONDS + 1, hard))


def _answer(text: str, descriptor: int) -> dict[str, Any]:
    from PIL import Image, UnidentifiedImageError

    try:
        wanted = json.loads(text)
        return convert(descriptor, wanted["to"], wanted["side"])
    except Refused as error:
        return {"why": str(error)}
    except UnidentifiedImageError:
        return {"why": f"not an image of a known kind ({', '.join(_READ)})"}
    except Image.DecompressionBombError:
        return {"why": f"more than {MOST_PIXELS:,} pixels"}
    except MemoryError:
        return {"why": f"more than {_MEMORY >> 20} MiB of memory to decode"}
    except Exception as error:  # the decoders of damaged files raise many classes
        return {"why": f"cannot be decoded: {str(error)[:80] or type(error).__name__}"}


def main() -> None:
    """Serve until the other end is closed."""
    from PIL import Image

    Image.preinit()
    Image.init()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("ignore")
    _limit()
    with socket.socket(fileno=int(sys.argv[1])) as line:
        while True:
            text, descriptors, _, _ = socket.recv_fds(line, 1 << 16, 1)
            if not text:
                return
            _more_time()
            try:
                answer = _answer(text.decode("utf-8"), descriptors[0])
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            line.sendall(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
