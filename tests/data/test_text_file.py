"""Reading text: every other encoding is named, with the byte where it shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from querist.core.errors import DataError, ResourceError
from querist.data.text_file import check_file, decode_text, read_bytes, read_text


def test_utf8_with_and_without_a_mark(tmp_path: Path) -> None:
    for data in ("naïve ☃".encode(), b"\xef\xbb\xbf" + "naïve ☃".encode()):
        (tmp_path / "x.txt").write_bytes(data)
        assert read_text(tmp_path / "x.txt") == "naïve ☃"
    assert decode_text(b"", "x") == ""


@pytest.mark.parametrize(
    "data, words",
    [
        ("a,b".encode("utf-16"), ["UTF-16", "byte 0"]),
        (b"\xfe\xff\0a", ["UTF-16", "byte 0"]),
        ("a,b".encode("utf-32"), ["UTF-32", "byte 0"]),
        ("text,label".encode("utf-16-le"), ["NUL at byte 1 ", "UTF-16 without a mark"]),
        (b"a" * 300 + b"\0" + b"b" * 300, ["NUL at byte 300", "damaged"]),
        ("caf\xe9".encode("latin-1"), ["not UTF-8", "0xe9", "offset 3"]),
        (b"\xef\xbb\xbfab\xff", ["not UTF-8", "0xff", "offset 5"]),
        (b"ab\xe2\x98", ["not UTF-8", "0xe2", "offset 2"]),
    ],
)
def test_other_encodings_are_named(data: bytes, words: list[str]) -> None:  # row 44
    with pytest.raises(DataError) as error:
        decode_text(data, "reviews.csv")
    assert (error.value.code, error.value.exit_code) == ("BadEncoding", 3)
    assert all(word in str(error.value) for word in ["reviews.csv", *words])


def test_paths_that_are_no_files_are_named_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # row 41
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name, reason in (("missing.csv", "No such file"), ("folder", "it is a folder")):
        with pytest.raises(DataError, match=f"cannot read {name}: .*{reason}") as error:
            read_bytes(Path(name))
        assert (error.value.code, error.value.exit_code) == ("NoData", 3)
    with pytest.raises(DataError, match="not a plain file"):
        check_file(Path(os.devnull))


def test_unreadable_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a")

    def refuse(*_: object, **__: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # a superuser may read anything, so it is played
    with pytest.raises(DataError, match=r"x\.csv: Permission denied"):
        read_bytes(file)


def test_a_file_that_is_too_large_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a")

    def burst(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", burst)
    with pytest.raises(ResourceError, match=r"x\.csv does not fit") as error:
        read_bytes(file)
    assert error.value.code == "OutOfMemory"
