from __future__ import annotations

import os
from pathlib import Path

import pytest

from querist.server.files import below, open_below

CLIMBS = [
    "..", "../secret", "a/../../secret", "a/..", "./a.txt", "a//b.txt", "/etc/passwd", "//etc/passwd", "~/x", "~root",
    "..\\secret", "a\\..\\..\\secret", "\\\\host\\share\\x", "C:\\x", "C:x", "file:x", "a\x00.txt", "a.txt\x00", "\x00",
    "", ".", "a/.", "a/./b.txt", "%2e%2e/secret", "..%2fsecret", "a/%2e%2e/%2e%2e/secret", "..;/secret", "....//secret",
    "a\n", "a\x7f/../../secret", "/", "a/", "..%c0%afsecret", "..%255csecret", "\u2025/secret", "．．/secret", "a" * 5000,
    "a/" * 3000 + "b", "\ud800",
]  # fmt: skip
TAILS = ("secret", "a/secret", "root/../secret", "etc/passwd", "proc/self/environ", "dev/zero")
VARIED = CLIMBS + ["../" * depth + tail for depth in range(1, 30) for tail in TAILS]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a.txt").write_text("inside")
    (root / "a" / "b.txt").write_text("inside")
    (root / "ü ?&#.txt").write_text("inside")
    return root


@pytest.mark.parametrize("name", ["a.txt", "a/b.txt", "ü ?&#.txt"])
def test_plain_names_are_found(root: Path, name: str) -> None:
    descriptor = open_below(root, name)
    assert descriptor is not None
    with os.fdopen(descriptor) as file:
        assert file.read() == "inside"


def test_no_name_leads_out(root: Path) -> None:
    assert len(VARIED) > 200
    assert [name for name in VARIED if below(root, name) is not None or open_below(root, name) is not None] == []


def test_links_are_followed_inside_only(root: Path) -> None:
    (root / "out").symlink_to(root.parent / "secret")
    (root / "up").symlink_to(root.parent)
    (root / "in").symlink_to(root / "a.txt")
    (root / "loop").symlink_to(root / "loop")
    (root / "dead").symlink_to(root / "nothing")
    for name in ("out", "up/secret", "loop", "dead", "up"):
        assert below(root, name) is None
    assert below(root, "in") == (root / "a.txt").resolve()


def test_only_plain_files_are_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device", "a"):
        assert open_below(root, name) is None


def test_a_root_that_is_a_link_is_a_root(root: Path) -> None:
    other = root.parent / "other"
    other.symlink_to(root)
    assert below(other, "a.txt") == (root / "a.txt").resolve()


def test_a_missing_root_holds_nothing(tmp_path: Path) -> None:
    assert below(tmp_path / "none", "a.txt") is None
