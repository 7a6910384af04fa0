"""Names from outside stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.storage.paths import inside

ROOT, ARCHIVE = Path("root"), Path("backup.zip")

OUT = [
    "", ".", "..", "/", "/etc/passwd", "//server/share", "../x", "a/../x", "a/../../x", "a/..", "./a", "a/./b", "a//b",
    "a/", "a\\b", "..\\x", "C:\\x", "C:/x", "c:x", "x:stream", "a\0b", "\0", "~", "~/x", "~root/x", "a\nb", "\x1b[0m",
    "....//x/..", "a/b/../../../x", "\\\\server\\x",
]  # fmt: skip


@pytest.mark.parametrize("name", OUT)
def test_refused(name: str) -> None:
    with pytest.raises(DataError) as caught:
        inside(ROOT, name, ARCHIVE)
    assert caught.value.code == "BadArchive"
    assert "backup.zip" in str(caught.value)


def test_other_things_than_text_are_refused() -> None:
    with pytest.raises(DataError):
        inside(ROOT, None, ARCHIVE)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a", "a/b.txt", "..a", "a..", "...", "ä ö/ü", "a~b", ".hidden"])
def test_taken(name: str) -> None:
    found = inside(ROOT, name, ARCHIVE)
    assert found.as_posix() == f"root/{name}"
    assert found.resolve().is_relative_to(ROOT.resolve())
