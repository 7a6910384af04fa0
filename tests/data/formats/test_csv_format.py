"""CSV: faults by line, formulas made harmless, and edits in a spreadsheet heeded."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError
from querist.data.formats.csv_format import neutral, read, rows, write
from querist.data.formats.exported import About, Exported
from querist.data.formats.reading import Reading
from querist.data.record import Record

STARTS = ["=", "+", "-", "@", "\t", "\r", "\0", "＝"]
PAYLOADS = [before + start + "cmd|' /C calc'!A0" for start in STARTS for before in ("", "\ufeff", " ", "\ufeff ", "\n")]


def put(tmp_path: Path, data: str | bytes, name: str = "x.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_there_are_forty_payloads() -> None:
    assert len(PAYLOADS) == 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_is_a_formula_and_all_comes_back(payload: str, tmp_path: Path) -> None:
    """In text, label, header, name of the annotator, note and id."""
    answer = {"kind": "label", "value": payload, "annotator": payload, "note": payload}
    id = payload.replace("\0", "0")
    item = Exported(Record(id, payload, None, {payload: payload}, extra={payload + "x": payload}), [answer], "labelled")
    path = tmp_path / "out.csv"
    assert write([item], path, About()) == []
    assert b"\0" not in path.read_bytes()
    for row in cells(path):
        for cell in row:
            bare = cell.lstrip(" \ufeff\n\t\r")
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r"), cell
            assert bare[:1] not in ("=", "+", "-", "@", "＝"), cell
    record = next(read(path, Reading()))
    assert (record.id, record.text, record.fields) == (id, payload, {payload: payload})
    assert record.extra == {payload + "x": payload}
    assert list(record.labels) == [answer]


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    item = Exported(Record("a", "x", fields={"low": -1.5}), [{"kind": "label", "value": -2.0}], "labelled")
    write([item], tmp_path / "o.csv", About(task="number"))
    header, row = cells(tmp_path / "o.csv")
    assert dict(zip(header, row, strict=True)) | {"querist": ""} == {
        "id": "a",
        "text": "x",
        "low": "-1.5",
        "label": "'-2.0",
        "state": "labelled",
        "annotator": "",
        "at": "",
        "seconds": "",
        "note": "",
        "flag": "",
        "querist": "",
    }


def test_a_label_that_was_changed_in_a_spreadsheet_counts(tmp_path: Path) -> None:
    items = [
        Exported(Record(f"i{k}", "x"), [{"kind": "label", "value": "cat", "note": "n"}], "labelled") for k in range(3)
    ]
    path = tmp_path / "o.csv"
    write(items, path, About())
    table = cells(path)
    column = table[0].index("label")
    table[1][column], table[2][column] = "dog", ""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    labels = [list(r.labels) for r in read(path, Reading())]
    assert labels == [[{"kind": "label", "value": "dog"}], [], [{"kind": "label", "value": "cat", "note": "n"}]]


def test_a_foreign_file(tmp_path: Path) -> None:
    path = put(tmp_path, '\ufeffid,text,label,source\r\n1,"a ""b""\nc",pos,web\r\n\r\n2,d,,\r\n')
    first, second = read(path, Reading())
    assert (first.id, first.text, first.extra) == ("1", 'a "b"\nc', {"source": "web"})
    assert list(first.labels) == [{"kind": "label", "value": "pos"}]
    assert (second.labels, second.extra) == ([], {"source": ""})


@pytest.mark.parametrize(
    "data, code, words",
    [
        ("id,text\n1,a\n2,b,c\n", "BadRow", ["x.csv, line 3", "3 fields where the header has 2", "--skip-bad"]),
        ('id,text\n1,"a\n2,b\n', "BadRow", ["line 2", "never closed"]),
        ("1,2\n3,4\n", "BadHeader", ["a header"]),
        ("a,a\n1,2\n", "BadHeader", ["'a' stands there twice"]),
        ("", "EmptyPool", ["x.csv is empty"]),
        (b"id,text\n1,caf\xe9\n", "BadEncoding", ["0xe9 at offset 13", "save it as UTF-8"]),
        ("id,text\n1,a\n".encode("utf-16"), "BadEncoding", ["UTF-16"]),
        ("id,text\n1,a\n".encode("utf-16-le"), "BadEncoding", ["NUL at byte 1", "UTF-16 without a mark"]),
        ("id,text\n1,a\0b\n", "BadEncoding", ["NUL at byte 11"]),
        ("id,text\n,a\n", "BadRow", ["line 2", "'id'"]),
        ("id,text\n1," + "x" * (1 << 20) + "y\n", "BadRow", ["line 2", "more than 1,048,576"]),
    ],
)
def test_faults_have_their_place(data: Any, code: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(read(put(tmp_path, data), Reading()))
    assert caught.value.code == code
    for word in words:
        assert word in str(caught.value)


def test_a_missing_column_is_named_with_those_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'body'; it has: id, text"):
        list(read(put(tmp_path, "id,text\n1,a\n"), Reading(text="body")))


def test_bad_rows_are_left_out_when_asked(tmp_path: Path) -> None:
    bad: list[tuple[int, str]] = []
    path = put(tmp_path, 'id,text\n1,a\n2,b,c\n"3\nx",d\n4\n5,e\n')
    records = list(read(path, Reading(bad=lambda line, why: bad.append((line, why)))))
    assert [r.id for r in records] == ["1", "3\nx", "5"]
    assert bad == [(3, "3 fields where the header has 2"), (6, "1 fields where the header has 2")]


def test_returns_alone_end_lines_and_tabs_part_fields(tmp_path: Path) -> None:
    assert [r for _, r in rows(put(tmp_path, 'a,b\r1,"2\r3"\r4,5'), Reading())] == [
        ["a", "b"],
        ["1", "2\r3"],
        ["4", "5"],
    ]
    assert [r for _, r in rows(put(tmp_path, "a\tb\n1,2\t3\n", "x.tsv"), Reading())] == [["a", "b"], ["1,2", "3"]]


def test_the_limit_of_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    waiting = read(put(tmp_path, "id,text\n1,a\n2,b\n"), Reading())
    next(waiting)
    assert csv.field_size_limit() == before


def test_new_fields_late_in_the_file_are_kept(tmp_path: Path) -> None:
    items = [Exported(Record(f"i{k}", "x")) for k in range(1_001)]
    late = Exported(Record("late", None, "a.png", {"new": 1.5}))
    write([*items, late], tmp_path / "o.csv", About())
    record = list(read(tmp_path / "o.csv", Reading()))[-1]
    assert (record.text, record.file, record.fields) == (None, "a.png", {"new": 1.5})


def test_neutral_leaves_plain_text_alone() -> None:
    for text in ("", "a", "a=b", "'=1", "1-2", "é", " a", "[1]"):
        assert neutral(text) == text


def test_a_kept_cell_that_was_cut_is_named(tmp_path: Path) -> None:
    item = Exported(Record("i", "x", extra={"k": "y" * 100}), [{"kind": "label", "value": "cat"}], "labelled")
    write([item], tmp_path / "o.csv", About())
    table = cells(tmp_path / "o.csv")
    table[1][-1] = table[1][-1][:50]
    with (tmp_path / "cut.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    with pytest.raises(DataError, match=r"line 2: the column 'querist' is damaged .* remove the column"):
        list(read(tmp_path / "cut.csv", Reading()))


def test_a_foreign_column_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (record,) = read(put(tmp_path, "text,querist\na,is it so?\n"), Reading())
    assert record.extra == {"querist": "is it so?"}
