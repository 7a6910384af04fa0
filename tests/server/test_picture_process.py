from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from querist.server.picture_process import MOST_BYTES, Refused, convert


def test_the_result_stands_alone(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (9, 9, 9)).save(tmp_path / "a.bmp")
    descriptor = os.open(tmp_path / "a.bmp", os.O_RDONLY)
    try:
        said = convert(descriptor, str(tmp_path / "out"), 10)
    finally:
        os.close(descriptor)
    assert said == {"width": 40, "height": 20, "kind": "PNG"}
    with Image.open(tmp_path / "out") as image:
        assert (image.size, image.format, image.info) == ((10, 5), "PNG", {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.bmp", "out"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    descriptor = os.open(tmp_path / "big.png", os.O_RDONLY)
    try:
        with pytest.raises(Refused, match="more than 50"):
            convert(descriptor, str(tmp_path / "out"), 10)
    finally:
        os.close(descriptor)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    descriptor = os.open(tmp_path / "a.png", os.O_RDONLY)
    try:
        with pytest.raises(OSError):
            convert(descriptor, str(tmp_path / "none" / "out"), 10)
        (tmp_path / "folder").mkdir()
        with pytest.raises(OSError):
            convert(descriptor, str(tmp_path / "folder"), 10)
    finally:
        os.close(descriptor)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "folder"]


def test_the_process_ends_with_its_server() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen(
            [sys.executable, "-m", "querist.server.picture_process", str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
    ours.close()
    assert child.wait(10) == 0


def test_the_process_loads_nothing_heavy() -> None:
    code = (
        "import sys, querist.server.picture_process\n"
        "print([m for m in ('torch', 'numpy', 'sklearn', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
