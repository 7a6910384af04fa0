from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from querist.server.media import Media


def png(width: int, height: int, rows: bytes) -> bytes:
    """A grey PNG whose rows are given packed; the header may lie."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    root = tmp_path_factory.mktemp("media")
    (root / "in").mkdir()
    one = Media(root / "in", root / "out", workers=1)
    yield one
    one.close()


@pytest.fixture
def root(media: Media) -> Path:
    return media._root


def pixel(shown_path: Path | None, at: tuple[int, int] = (0, 0)) -> object:
    assert shown_path is not None
    with Image.open(shown_path) as image:
        return image.getpixel(at)


def test_a_picture_is_written_anew(media: Media, root: Path) -> None:
    image = Image.new("RGB", (30, 20), (10, 200, 30))
    image.save(
        root / "a.jpg", comment=b"<script>alert(1)</script>", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"
    )
    shown = asyncio.run(media.show("a.jpg"))
    assert (shown.width, shown.height, shown.kind, shown.why) == (30, 20, "image/png", "")
    assert shown.path is not None
    assert b"script" not in shown.path.read_bytes()
    assert b"script" in (root / "a.jpg").read_bytes()


def test_the_second_time_it_comes_from_the_cache(media: Media, root: Path) -> None:
    Image.new("L", (5, 4), 7).save(root / "again.png")
    first = media.show_now("again.png")
    assert first.path is not None
    media._known.clear()
    first.path.write_bytes(b"kept")
    assert media.show_now("again.png") == first
    assert first.path.read_bytes() == b"kept"
    Image.new("L", (6, 4), 7).save(root / "again.png")
    assert media.show_now("again.png").width == 6


def test_a_turned_photograph_comes_upright(media: Media, root: Path) -> None:
    image = Image.new("RGB", (600, 300))
    image.paste((255, 0, 0), (0, 0, 300, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: the left half comes to the top
    image.save(root / "turned.jpg", exif=exif, quality=95)
    shown = media.show_now("turned.jpg")
    assert (shown.width, shown.height, shown.kind) == (300, 600, "image/jpeg")
    top = pixel(shown.path, (150, 50))
    assert isinstance(top, tuple)
    assert top[0] > 200


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "YCbCr", "F"])
def test_every_mode_can_be_shown(media: Media, root: Path, mode: str) -> None:
    name = f"mode-{mode.replace(';', '')}.tif"
    Image.new(mode, (8, 6)).save(root / name)
    shown = media.show_now(name)
    assert (shown.why, shown.width, shown.height) == ("", 8, 6)


def test_sixteen_bits_are_spread_over_the_greys(media: Media, root: Path) -> None:
    image = Image.new("I;16", (2, 1))
    image.putpixel((0, 0), 1000)
    image.putpixel((1, 0), 3000)
    image.save(root / "deep.tif")
    path = media.show_now("deep.tif").path
    assert (pixel(path), pixel(path, (1, 0))) == (0, 255)


def test_transparency_is_kept(media: Media, root: Path) -> None:
    Image.new("RGBA", (700, 600), (1, 2, 3, 0)).save(root / "clear.webp", lossless=True)
    shown = media.show_now("clear.webp")
    assert shown.kind == "image/png"
    value = pixel(shown.path)
    assert isinstance(value, tuple)
    assert value[3] == 0


def test_a_long_picture_is_made_smaller(media: Media, root: Path) -> None:
    Image.new("L", (4096, 10)).save(root / "long.png")
    shown = media.show_now("long.png")
    assert (shown.width, shown.height) == (4096, 10)
    assert shown.path is not None
    with Image.open(shown.path) as image:
        assert image.size == (2048, 5)


def test_the_first_frame_is_enough(media: Media, root: Path) -> None:
    frames = [Image.new("L", (9, 9), grey) for grey in range(200)]
    frames[0].save(root / "many.gif", save_all=True, append_images=frames[1:])
    shown = media.show_now("many.gif")
    assert shown.kind == "image/png"


def test_bad_files_are_set_aside_with_a_reason(media: Media, root: Path) -> None:
    whole = root / "whole.png"
    Image.effect_noise((64, 64), 50).save(whole)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    files = {
        "empty.png": (b"", "0 bytes"),
        "cut.png": (whole.read_bytes()[:600], "cannot be decoded"),
        "magic.png": (b"\x89PNG\r\n\x1a\n", "not an image of a known kind|cannot be decoded"),
        "text.jpg": (b"hello", "not an image"),
        "vector.svg": (svg, "not an image"),
        "vector.png": (svg, "not an image"),
        "page.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        "wide.png": (png(50_000, 50_000, zlib.compress(b"\0" * 1000)), "pixels"),
        "liar.png": (png(4900, 5000, zlib.compress(b"\0" * 1000)), "cannot be decoded"),
    }
    import re

    for name, (content, why) in files.items():
        (root / name).write_bytes(content)
        shown = media.show_now(name)
        assert shown.path is None, name
        assert re.search(why, shown.why), (name, shown.why)
    assert sum(media.quarantined().values()) == len(files)
    worker = media._all[0]
    pid = worker.pid
    assert media.show_now("whole.png").path is not None
    assert worker.pid == pid  # none of them broke the process


def test_what_is_not_there_is_said(media: Media, root: Path) -> None:
    for name in ("none.png", "../out", "/etc/passwd"):
        assert "not there" in media.show_now(name).why


def test_a_dead_decoder_is_replaced(media: Media, root: Path) -> None:
    Image.new("L", (3, 3)).save(root / "one.png")
    assert media.show_now("one.png").why == ""
    pid = media._all[0].pid
    assert pid is not None
    os.kill(pid, 9)
    Image.new("L", (4, 3)).save(root / "two.png")
    assert media.show_now("two.png").width == 4
    assert media._all[0].pid != pid


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="limits are looked up in Linux's own way")
def test_the_child_lives_under_its_limits(media: Media, root: Path) -> None:
    Image.new("L", (3, 5)).save(root / "limits.png")
    media.show_now("limits.png")
    limits = Path(f"/proc/{media._all[0].pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
    assert rows["Max address space"][0] == str(512 << 20)
    assert rows["Max file size"][0] == str(64 << 20)
    assert int(rows["Max cpu time"][0]) <= 40


def test_a_large_picture_fits_the_limits(media: Media, root: Path) -> None:
    Image.new("RGB", (5000, 5000), (1, 2, 3)).save(root / "large.png", compress_level=1)
    assert media.show_now("large.png").why == ""
    (root / "large.png").unlink()


def test_a_picture_that_computes_too_long_is_given_up(
    media: Media, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("querist.server.media._WALL", 0.5)
    worker = media._all[0]
    worker.stop()
    worker._start()
    assert worker.pid is not None
    os.kill(worker.pid, 19)  # stopped: it never answers
    Image.new("L", (7, 7)).save(root / "slow.png")
    assert "within 0.5 s" in media.show_now("slow.png").why
