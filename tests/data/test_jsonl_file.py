"""JSONL: what JSON allows and other programs choke on is refused, with line and column."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import DataError, QueristError
from querist.data.jsonl_file import jsonl_source
from querist.data.source import Source
from querist.data.table import Columns


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reviews.jsonl"


def read(file: Path, text: str | bytes, wanted: Columns | None = None, **more: bool) -> Source:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return jsonl_source(file, wanted or Columns(), **more)


def test_texts_ids_and_labels(file: Path) -> None:
    source = read(file, '\ufeff{"id": 1, "text": "one", "label": "x"}\r\n\n{"label": "y", "text": "tw\\no", "id": 2}\n')
    assert source.take(slice(None)) == ["one", "tw\no"]
    assert list(source.ids) == ["1", "2"]
    assert source.truth == ["x", "y"]


def test_packed(tmp_path: Path) -> None:
    source = read(tmp_path / "x.jsonl.gz", gzip.compress(b'{"text": "one"}\n{"text": "two"}\n'))
    assert source.take(slice(None)) == ["one", "two"]
    for broken in (b"no gzip", gzip.compress(b'{"text": "one"}')[:-6], gzip.compress(b"abc")[:12] + b"\xff" * 20):
        with pytest.raises(DataError, match=r"x\.jsonl\.gz is no whole gzip file") as error:
            read(tmp_path / "x.jsonl.gz", broken)
        assert error.value.code == "NoData"
    with pytest.raises(DataError, match=r"x\.jsonl\.gz is not UTF-8: byte 0xff at offset 0"):
        read(tmp_path / "x.jsonl.gz", gzip.compress(b"\xff"))


def test_a_packed_file_may_not_be_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.data.jsonl_file._LARGEST", 1000)
    with pytest.raises(DataError, match="unpacks to more"):
        read(tmp_path / "x.jsonl.gz", gzip.compress(b" " * 1001))


def test_numbers_and_lists(file: Path) -> None:
    source = read(file, '{"w": 1, "e": [2, 3], "y": ["a", "b"]}\n{"w": 4.5, "e": [5, 6], "y": []}\n')
    assert source.take(slice(None)).tolist() == [[1, 2, 3], [4.5, 5, 6]]
    assert source.truth == [["a", "b"], []]


def test_keys_that_come_and_go(file: Path) -> None:
    source = read(file, '{"w": 1, "note": "x", "label": "a"}\n{"w": 2}\n')
    assert source.take(slice(None)).tolist() == [[1.0], [2.0]], "a key that some lack is no feature"
    assert source.truth == ["a", None], "a label may be missing"
    with pytest.raises(DataError, match="line 2: column 'note' holds no text but NoneType"):
        read(file, '{"note": "x"}\n{"w": 2}\n', Columns("note"))
    with pytest.raises(DataError, match="no key stands in every line; line 1 has a") as error:
        read(file, '{"a": 1}\n{"b": 2}\n')
    assert error.value.code == "NoColumn"


@pytest.mark.parametrize(
    "line, words",
    [
        ('{"text": "a"', ["column 13", "delimiter"]),
        ("{'text': 'a'}", ["column 2", "double quotes"]),
        ('{"text": "a"} x', ["column 15", "Extra data"]),
        ('["a"]', ["column 1", "object"]),
        ("3", ["column 1", "object"]),
        ('{"text": "a", "w": NaN}', ["column 20", "NaN"]),
        ('{"text": "a", "w": -Infinity}', ["column 20", "-Infinity"]),
        ('{"text": "a", "w": 1e999}', ["column 20", "1e999", "too large"]),
        ('{"text": "a", "w": 9223372036854775808}', ["column 20", "64 bits"]),
        (f'{{"text": "a", "w": {"9" * 5000}}}', ["column 20", "64 bits"]),
        ('{"text": "a", "text": "b"}', ["column 2", "'text'", "twice"]),
        ('{"text": "a", "m": {"k": 1, "k": 2}}', ["'k'", "twice"]),
        ('{"text": "\\ud800"}', ["surrogate"]),
        ('{"\\udfff": 1}', ["surrogate"]),
        (f'{{"text": {"[" * 33}{"]" * 33}}}', ["32 levels"]),
        ("[" * 100_000, ["32 levels"]),
    ],
)
def test_bad_lines_have_line_and_column(file: Path, line: str, words: list[str]) -> None:  # row 45
    good = '{"text": "good"}\n\n'
    with pytest.raises(DataError) as error:
        read(file, good + line + "\n")
    assert (error.value.code, error.value.exit_code) == ("BadRow", 3)
    assert all(word in str(error.value) for word in ["reviews.jsonl", "line 3", "column", "--skip-bad", *words])
    str(error.value).encode("utf-8")  # can be printed
    assert len(str(error.value)) < 250
    kept = read(file, good + line + "\n", skip_bad=True)
    assert kept.take(slice(None)) == ["good"]
    assert [number for number, _ in kept.noticed.skipped] == [3]


def test_the_limits_themselves_are_welcome(file: Path) -> None:
    nested = "[" * 31 + "]" * 31
    source = read(
        file, f'{{"text": "\\ud83d\\ude00", "n": {nested}, "w": 9223372036854775807, "v": -9223372036854775808}}'
    )
    assert source.take(slice(None)) == ["😀"]


def test_an_empty_file(file: Path) -> None:  # row 5
    for text in ("", "\n\n"):
        with pytest.raises(DataError, match=r"pool has 0 items: reviews\.jsonl") as error:
            read(file, text)
        assert error.value.code == "EmptyPool"
    with pytest.raises(DataError, match="1 bad rows were left out"):
        read(file, "nonsense", skip_bad=True)


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "w", "y"]), inner),
        max_leaves=5,
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_source_or_a_named_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("jsonl") / "x.jsonl"
    with contextlib.suppress(QueristError):
        assert len(read(file, data)) > 0
