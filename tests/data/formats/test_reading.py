"""Lines of files: encodings with their byte, limits, bad rows."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, DataError, QueristError
from querist.data.formats.reading import Reading, bad_row, check_text, json_lines, text_lines


def lines(path: Path, returns: bool = False, **more: int) -> list[tuple[int, str]]:
    return list(text_lines(path, Reading(**more), returns=returns))  # type: ignore[arg-type]


def test_lines_keep_their_ends_and_a_mark_is_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeffa\r\nb\u2028c\n\nd".encode())
    assert lines(path) == [(1, "a\r\n"), (2, "b\u2028c\n"), (3, "\n"), (4, "d")]
    path.write_bytes(b"a\rb\r\nc\r")
    assert [text for _, text in lines(path, returns=True)] == ["a\r", "b\r\n", "c\r"]
    assert [text for _, text in lines(path)] == ["a\rb\r\n", "c\r"]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"good\nbad \xe9\n", "0xe9 at offset 9"),
        (b"\xef\xbb\xbfa\xff", "0xff at offset 4"),
        (b"good\na\0b", "NUL at byte 6"),
        ("a\n".encode("utf-16"), "UTF-16"),
        ("a\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_other_encodings_are_named_with_their_byte(data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(data)
    with pytest.raises(DataError, match=words) as caught:
        lines(tmp_path / "x.txt")
    assert caught.value.code == "BadEncoding"


def test_packed_files_are_measured_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"x\n" * 10_000))
    assert len(lines(path)) == 10_000
    with pytest.raises(DataError, match="larger than") as caught:
        lines(path, most_bytes=5_000)
    assert caught.value.code == "TooLarge"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot be read to its end"):
        lines(path)
    path.write_bytes(b"not packed")
    with pytest.raises(DataError, match="cannot be read"):
        lines(path)


def test_bad_rows_stop_or_are_told() -> None:
    with pytest.raises(DataError, match=r"^x, line 3: odd; mend it, .*skip_bad \(--skip-bad\)$"):
        bad_row(Reading(), "x", 3, "odd")
    with pytest.raises(DataError, match=r"^x, line 3, column 5: odd"):
        bad_row(Reading(), "x", 3, "column 5: odd")
    told: list[tuple[int, str]] = []
    bad_row(Reading(bad=lambda line, why: told.append((line, why))), "x", 3, "odd")
    assert told == [(3, "odd")]


def test_what_is_asked_for_is_checked() -> None:
    with pytest.raises(ArgumentError, match="'a' is asked for in two parts"):
        Reading(text="a", id="a")
    with pytest.raises(ArgumentError, match="task must be"):
        Reading(task="several")  # type: ignore[arg-type]
    assert check_text(Reading(longest=2), "abc") == "a text of 3 characters; at most 2 are taken"
    assert check_text(Reading(longest=3), "abc") == check_text(Reading(), None) == ""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60) | st.text(max_size=40).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_only_named_errors_come_out(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "drawn.jsonl"
    path.write_bytes(data)
    for call in (lambda: lines(path, returns=True), lambda: list(json_lines(path, Reading()))):
        with contextlib.suppress(QueristError):
            call()
