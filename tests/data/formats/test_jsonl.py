"""JSONL: byte-exact texts, faults by line and column, changed labels."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.data.formats.exported import About, Exported
from querist.data.formats.jsonl import line_of, read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record


def put(tmp_path: Path, data: str) -> Path:
    path = tmp_path / "x.jsonl"
    path.write_text(data, encoding="utf-8")
    return path


def test_a_text_is_written_to_the_byte(tmp_path: Path) -> None:
    text = '=1+1\t\r\n\u2028\ufeffé𝄞 \\ "q"'
    write([Exported(Record("a", text))], tmp_path / "o.jsonl", About())
    line = (tmp_path / "o.jsonl").read_bytes()
    assert line.count(b"\n") == 1
    assert "é𝄞".encode() in line, "letters stand as they are"
    assert json.loads(line) == {"id": "a", "text": text, "state": "unlabelled", "querist": 1}
    again = tmp_path / "again.jsonl"
    write([Exported(r) for r in read(tmp_path / "o.jsonl", Reading())], again, About())
    assert again.read_bytes() == line


def test_a_changed_label_counts(tmp_path: Path) -> None:
    write([Exported(Record("a", "x"), [{"kind": "label", "value": "cat"}], "labelled")], tmp_path / "o.jsonl", About())
    row = json.loads((tmp_path / "o.jsonl").read_text())
    assert row["label"] == "cat"
    row["label"] = ["cat", "dog"]
    (record,) = read(put(tmp_path, json.dumps(row)), Reading())
    assert list(record.labels) == [{"kind": "label", "value": ["cat", "dog"]}]


def test_foreign_lines(tmp_path: Path) -> None:
    data = '{"id": 7, "text": "a", "meta": {"k": 1}}\n\n{"id": "b", "text": "c", "label": {"x": 1, "y": 3}}\n'
    first, second = read(put(tmp_path, data), Reading())
    assert (first.id, first.labels, first.extra) == ("7", [], {"meta": {"k": 1}})
    assert list(second.labels) == [{"kind": "distribution", "value": {"x": 1, "y": 3}}], "a label may come late"
    packed = tmp_path / "p.jsonl.gz"
    packed.write_bytes(gzip.compress(data.encode()))
    assert list(read(packed, Reading())) == [first, second]


@pytest.mark.parametrize(
    "line, words",
    [
        ('{"text": "a"', ["line 2, column 13"]),
        ('{"text": NaN}', ["line 2, column 10", "NaN"]),
        ('{"text": "a", "text": "b"}', ["twice"]),
        ('{"text": "a", "n": 9223372036854775808}', ["64 bits"]),
        ('{"text": "a", "n": 1e999}', ["too large"]),
        ('{"text": "\\ud800"}', ["surrogate"]),
        ("[1]", ["an object"]),
        ('{"text": 5}', ["line 2", "'text' holds no text but int 5"]),
        ('{"text": "a", "d": ' + "[" * 40 + "]" * 40 + "}", ["32 levels"]),
        ('{"text": "a", "d": ' + "[" * 100_000 + "]" * 100_000 + "}", ["32 levels"]),
        ('{"id": "b", "text": "a", "label": [null]}', ["a list of class names"]),
        ('{"id": null, "text": "a"}', ["'id' must be"]),
        ('{"id": "b", "text": "x", "querist": 1, "answers": 5}', ["damaged", "'answers' is int"]),
        ('{"id": "b", "text": "x", "querist": 1, "answers": [{"kind": "odd"}]}', ["damaged"]),
    ],
)
def test_faults_have_line_and_column(line: str, words: list[str], tmp_path: Path) -> None:
    path = put(tmp_path, '{"id": "a", "text": "good"}\n' + line + '\n{"id": "c", "text": "good"}\n')
    with pytest.raises(DataError, match=r"x\.jsonl, line 2") as caught:
        list(read(path, Reading()))
    assert caught.value.code == "BadRow"
    for word in words:
        assert word in str(caught.value)
    bad: list[int] = []
    assert [r.id for r in read(path, Reading(bad=lambda n, _: bad.append(n)))] == ["a", "c"]
    assert bad == [2]


def test_limits_are_heeded(tmp_path: Path) -> None:
    path = put(tmp_path, '{"text": "' + "x" * 100 + '"}\n')
    with pytest.raises(DataError, match="larger than") as caught:
        list(read(path, Reading(most_bytes=50)))
    assert caught.value.code == "TooLarge"
    with pytest.raises(DataError, match="a text of 100 characters; at most 99"):
        list(read(path, Reading(longest=99)))
    packed = tmp_path / "bomb.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"text": "x"}\n' * 100_000))
    assert packed.stat().st_size < 10_000
    with pytest.raises(DataError, match="larger than"):
        list(read(packed, Reading(most_bytes=50_000)))


def test_missing_keys_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'body'; it has: text"):
        list(read(put(tmp_path, '{"text": "a"}\n'), Reading(text="body")))
    with pytest.raises(DataError, match="is empty"):
        list(read(put(tmp_path, "\n\n"), Reading()))


def test_a_line_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        line_of({"x": float("nan")})
