"""CSV: quotes, line ends and marks are understood; every fault has its line."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import DataError, QueristError, QueristWarning
from querist.data.csv_file import csv_source
from querist.data.source import Source
from querist.data.table import Columns


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reviews.csv"


def read(file: Path, text: str | bytes, wanted: Columns | None = None, **more: bool) -> Source:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return csv_source(file, wanted or Columns(), **more)


def test_texts_ids_and_labels(file: Path) -> None:
    source = read(file, 'id,text,label\r\na,"one, two",x\r\n\r\nb,"say ""hi""\nthere",y\r\n')
    assert source.take(slice(None)) == ["one, two", 'say "hi"\nthere']
    assert list(source.ids) == ["a", "b"]
    assert source.truth == ["x", "y"]
    assert source.name == "reviews.csv"


def test_numbers_tabs_and_a_mark(tmp_path: Path) -> None:
    source = read(tmp_path / "x.tsv", b"\xef\xbb\xbfw\th\tclass\n1\t2\tp\n3\t4.5\tq\n")
    assert source.take(slice(None)).tolist() == [[1.0, 2.0], [3.0, 4.5]]
    assert source.truth == ["p", "q"]


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_exotic_line_ends_stay_in_their_field(file: Path, odd: str) -> None:
    assert read(file, f"text,label\none{odd}two,x\n").take(slice(None)) == [f"one{odd}two"]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), min_size=1))
@settings(max_examples=30, deadline=None)
def test_what_the_csv_module_writes_is_read(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    file = tmp_path_factory.mktemp("csv") / "x.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["text", "id"], *([t, k] for k, t in enumerate(texts))])
    if len(set(texts)) < len(texts):
        with pytest.warns(QueristWarning):
            source = csv_source(file, Columns())
    else:
        source = csv_source(file, Columns())
    assert source.take(slice(None)) == texts


@pytest.mark.parametrize(
    "text, words",
    [
        ("text,label\na,x\nb\n", ["line 3", "1 fields", "header has 2", "--skip-bad"]),
        ("text,label\n\n\na,x,y\n", ["line 4", "3 fields", "header has 2"]),
        ('text,label\n"a\nb",x\n"c",y,z\n', ["line 4", "3 fields"]),
        ('text,label\na,x\nb,"open\nmore,x\n', ["line 3", "quote", "never closed"]),
        ('text,label\n"a"b,x\n', ["line 2", "written twice"]),
        (f"text,label\n{'a' * (1 << 20)}a,x\n", ["line 2", "1,048,576 characters"]),
    ],
)
def test_bad_rows_have_their_line(file: Path, text: str, words: list[str]) -> None:  # row 43
    before = csv.field_size_limit()
    with pytest.raises(DataError) as error:
        read(file, text)
    assert (error.value.code, error.value.exit_code) == ("BadRow", 3)
    assert all(word in str(error.value) for word in ["reviews.csv", *words])
    assert csv.field_size_limit() == before, "the limit of the process is as it was"


def test_a_long_field_is_welcome_up_to_the_limit(file: Path) -> None:
    before = csv.field_size_limit(100)
    try:
        assert read(file, f"text\n{'a' * (1 << 20)}\n").take(slice(None)) == ["a" * (1 << 20)]
        assert csv.field_size_limit() == 100
    finally:
        csv.field_size_limit(before)


def test_bad_rows_can_be_left_out(file: Path) -> None:
    source = read(file, "text,label\na,x\nb\nc,y\nd,y,z\n", skip_bad=True)
    assert source.take(slice(None)) == ["a", "c"]
    assert source.noticed.skipped == (
        (3, "1 fields where the header has 2"),
        (5, "3 fields where the header has 2"),
    )
    with pytest.raises(DataError, match="0 items"):
        read(file, "text,label\na\n", skip_bad=True)


@pytest.mark.parametrize(
    "text, words",
    [
        ("1.5,2\n3,4\n", ["line 1", "header", "1.5, 2"]),
        ("text,text\na,b\n", ["line 1", "'text'", "twice"]),
        ("\n,\na,b\n", ["line 2", "header"]),
    ],
)
def test_bad_headers(file: Path, text: str, words: list[str]) -> None:
    with pytest.raises(DataError) as error:
        read(file, text)
    assert error.value.code == "BadHeader"
    assert all(word in str(error.value) for word in words)


def test_a_column_without_a_name_is_no_feature(file: Path) -> None:
    with pytest.warns(QueristWarning, match="column 1 has no name"):
        source = read(file, ",w,label\n0,5,x\n1,6,y\n")
    assert source.take(slice(None)).tolist() == [[5.0], [6.0]]


def test_a_missing_text_column_names_those_found(file: Path) -> None:  # row 42
    with pytest.raises(DataError, match=r"reviews\.csv has no column 'body'; it has: review, stars") as error:
        read(file, "review,stars\ngood,5\n", Columns("body"))
    assert error.value.code == "NoColumn"


def test_values_have_their_line(file: Path) -> None:
    with pytest.raises(DataError, match="first in line 5: 'tall'"):
        read(file, 'w,label\n1,"a\nb"\n\ntall,c\n')


def test_encodings(file: Path) -> None:  # row 44
    with pytest.raises(DataError, match=r"reviews\.csv is UTF-16"):
        read(file, "text\na\n".encode("utf-16"))
    with pytest.raises(DataError, match=r"offset 8") as error:
        read(file, b"text\nbad\xff\n")
    assert error.value.code == "BadEncoding"


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file(file: Path, text: str) -> None:  # row 5
    with pytest.raises(DataError, match=r"pool has 0 items: reviews\.csv") as error:
        read(file, text)
    assert error.value.code == "EmptyPool"
    with pytest.raises(DataError, match="pool has 0 items"):
        read(file, "text,label\n")


@given(st.binary(max_size=60) | st.text(alphabet='ab,"\n\r1', max_size=40).map(str.encode))
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore::querist.core.errors.QueristWarning")
def test_any_bytes_give_a_source_or_a_named_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("csv") / "x.csv"
    with contextlib.suppress(QueristError):
        assert len(read(file, data)) > 0
