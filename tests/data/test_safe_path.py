"""The one door for file names: 200 names that try to get out, and those that may come in."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.data.safe_path import inside, open_inside, plain_name

_UP = [
    "..",
    "../..",
    "../secret.txt",
    "a/../../secret.txt",
    "./../secret.txt",
    "a/./b",
    "a//b",
    "/",
    ".",
    "",
    "a/",
    "../root2/x",
]
_PREFIXES = [
    "/",
    "//",
    "\\",
    "\\\\",
    "C:\\",
    "C:/",
    "\\\\host\\share\\",
    "//host/share/",
    "~",
    "~root/",
    "file:",
    "file:///",
    "\\\\?\\C:\\",
    "\0",
    "\n",
    "\t",
    "\x7f",
]
_ENDS = ["etc/passwd", "secret.txt", "..\\secret.txt", "windows\\win.ini", "a"]
_MIXED = [f"a{sep}..{sep}..{sep}secret.txt" for sep in ("\\", "/", "\\/", "/\\", "//")]
_ODD = [
    "a\0b",
    "secret.txt\0.png",
    "a/b\0",
    "..\0",
    "con",
    "NUL",
    "a/aux.txt",
    "COM1",
    "lpt9.png",
    "...",
    ". .",
    "a/ /b",
    "x" * 5_000,
    "\ud800",
    "a:b",
    "a.png:stream",
]
_DOTS = [
    f"{lead}{dots}/secret.txt"
    for lead, dots in product(["", "a/", "a/b/", "cats/"], ["..", "../..", "../../..", "./..", ".././..", "..//.."])
]
_DEEP = ["../" * n + tail for n in range(1, 24) for tail in ("secret.txt", "etc/passwd", "a/b")]
NAMES = [*_UP, *(p + e for p in _PREFIXES for e in _ENDS), *_MIXED, *_ODD, *_DOTS, *_DEEP]
# These are plain names of files that are not there: percent signs and look-alikes of dots and slashes are letters.
_LETTERS = [
    "..;/x",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%2fsecret.txt",
    "%252e%252e/secret.txt",
    "․․/secret.txt",
    "a／..／secret.txt",
    "..%c0%afsecret.txt",
    "%00",
    "a%00.png",
    "．．/secret.txt",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    (made / "cats").mkdir(parents=True)
    (made / "cats" / "1.png").write_bytes(b"inside")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "x").write_bytes(b"outside")
    (made / "out.png").symlink_to(tmp_path / "secret.txt")
    (made / "away").symlink_to(tmp_path)
    (made / "loop").symlink_to(made / "loop")
    (made / "within.png").symlink_to(made / "cats" / "1.png")
    os.mkfifo(made / "pipe.png")
    return made


def test_there_are_two_hundred() -> None:
    assert len({*NAMES, *_LETTERS}) >= 200


def test_no_name_leads_out(root: Path) -> None:
    for name in [*NAMES, "out.png", "away/secret.txt", "away", "loop", "loop/x", None, 5, b"cats/1.png"]:
        with pytest.raises(DataError, match="is no plain path below") as caught:
            open_inside(root, name)
        assert caught.value.code == "BadPath", name
        assert str(root) not in str(caught.value), "nothing is said of the place"


def test_encoded_names_are_only_names(root: Path) -> None:
    for name in _LETTERS:
        with pytest.raises(DataError, match="cannot open") as caught:
            open_inside(root, name)
        assert caught.value.code == "NoData", name


def test_what_lies_inside_is_opened(root: Path) -> None:
    for name in ("cats/1.png", "within.png"):
        with open_inside(root, name) as file:
            assert file.read() == b"inside"
    assert inside(root, "new/é 1.png") == root.resolve() / "new" / "é 1.png"


@pytest.mark.timeout(10)
def test_a_pipe_and_a_folder_are_no_files(root: Path) -> None:
    for name in ("pipe.png", "cats"):
        with pytest.raises(DataError, match="cannot open") as caught:
            open_inside(root, name)
        assert caught.value.code == "NoData"


def test_names_for_folders() -> None:
    assert [plain_name(t) for t in ("cat", "a/b", "..", "", "nul", "x\0y", "é 1", "=1")] == [
        "cat",
        "a_b",
        "item",
        "item",
        "item",
        "x_y",
        "é 1",
        "_1",
    ]
