"""Pictures: what cannot be decoded is told, what can comes out upright and in one size."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from querist.core.errors import ArgumentError, DataError
from querist.data.pictures import check_size, decode, image_fault, thumbnail


def encoded(pixels: Any, kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(out, kind, **more)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header promises that many pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    parts = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, body, b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


RED = np.zeros((4, 4, 3), dtype=np.uint8) + np.array([255, 0, 0], dtype=np.uint8)
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def test_pixels_come_channels_first(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(encoded(RED))
    for source in (file, file.read_bytes()):
        pixels = decode(source, 2, "RGB")
        assert (pixels.shape, pixels.dtype) == ((3, 2, 2), np.dtype("uint8"))
        assert pixels[:, 0, 0].tolist() == [255, 0, 0]
    assert decode(encoded(RED), 2, "L").shape == (1, 2, 2)
    assert decode(encoded(NOISE), 64, "RGB").transpose(1, 2, 0).tolist() == NOISE.tolist(), "no change at its own size"


def test_a_turned_picture_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upright = np.zeros((8, 8, 3), dtype=np.uint8)
    upright[:4] = 255
    turned = encoded(upright[::-1, ::-1], "PNG", exif=exif)
    assert decode(turned, 8, "RGB")[0, :, 0].tolist() == [255] * 4 + [0] * 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_the_usual_kinds_are_fine(kind: str) -> None:
    data = encoded(NOISE, kind)
    assert image_fault(data) == ""
    assert decode(data, 16, "RGB").shape == (3, 16, 16)


def test_other_modes_are_fine() -> None:
    for mode in ("1", "L", "P", "RGBA", "CMYK", "I;16"):
        out = io.BytesIO()
        Image.new(mode, (5, 5)).save(out, "TIFF")
        assert image_fault(out.getvalue()) == ""
        assert decode(out.getvalue(), 4, "RGB").shape == (3, 4, 4)


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "the file is empty (0 bytes)"),
        (b"GIF? no: just text" * 5, "not an image of a known kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a known kind"),
        (encoded(NOISE)[:2000], "cannot be decoded"),
        (encoded(NOISE, "JPEG")[:800], "cannot be decoded"),
        (huge_png(6000, 5000), "6000 x 5000: more than 25,000,000 pixels"),
        (huge_png(50_000, 50_000), "more than 25,000,000 pixels"),
    ],
)
def test_faults_are_told_and_nothing_crashes(tmp_path: Path, data: bytes, reason: str) -> None:  # row 46
    assert reason in image_fault(data)
    (tmp_path / "x.png").write_bytes(data)
    assert reason in image_fault(tmp_path / "x.png")


def test_files_may_not_be_too_large_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.data.pictures._MOST_BYTES", 1 << 20)
    assert "2 MiB, more than 1" in image_fault(b"\0" * (2 << 20))
    assert "cannot be decoded" in image_fault(tmp_path / "missing.png")


def test_flipped_bits_never_crash() -> None:
    whole = encoded(NOISE, "JPEG")
    rng = np.random.default_rng(1)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 4).tolist():
            data[place] ^= int(rng.integers(1, 256))
        assert isinstance(image_fault(bytes(data)), str)


def test_sizes() -> None:
    assert (check_size(None), check_size(28)) == (64, 28)
    for bad in (0, -1, 5000, True, 2.5, "8"):
        with pytest.raises(ArgumentError, match="size must be") as error:
            check_size(bad)  # type: ignore[arg-type]
        assert error.value.code == "BadSize"


def test_thumbnails_are_upright_small_and_near_the_whole_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = np.zeros((600, 400, 3), dtype=np.uint8), np.full((600, 400, 3), 255, dtype=np.uint8)
    image = Image.fromarray(np.concatenate([left, right], axis=1))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: what lies left is above
    image.save(tmp_path / "x.jpg", exif=exif)
    small = thumbnail(tmp_path / "x.jpg", 8)
    assert small.shape == (3, 8, 8)
    assert small[:, :3].max() < 20
    assert small[:, 5:].min() > 235
    np.testing.assert_allclose(small.astype(int), decode(tmp_path / "x.jpg", 8, "RGB").astype(int), atol=25)
    assert thumbnail(tmp_path / "x.jpg", 8, "L").shape == (1, 8, 8)
    (tmp_path / "y.png").write_bytes(b"no image")
    monkeypatch.setattr("querist.data.pictures._MOST_PIXELS", 1_000)
    for name, reason in (("x.jpg", "more than 1,000"), ("y.png", "y.png"), ("z.png", "z.png")):
        with pytest.raises(DataError, match=reason) as error:
            thumbnail(tmp_path / name, 8)
        assert error.value.code == "BadImage"
    monkeypatch.setattr("querist.data.pictures._MOST_BYTES", 10)
    with pytest.raises(DataError, match="MiB"):
        thumbnail(tmp_path / "x.jpg", 8)
