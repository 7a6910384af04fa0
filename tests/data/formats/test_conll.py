"""CoNLL: tags to spans and back; what columns cannot hold is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn_items import CLASSES, letters
from querist.core.errors import DataError
from querist.data.formats.conll import read, write
from querist.data.formats.exported import About, Exported
from querist.data.formats.reading import Reading
from querist.data.record import Record


def put(tmp_path: Path, data: str) -> Path:
    path = tmp_path / "x.conll"
    path.write_text(data, encoding="utf-8")
    return path


def test_tags_become_spans_of_the_joined_text(tmp_path: Path) -> None:
    data = (
        "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nsays VB O O\n\nPeter\tB-PER\nBlack\tI-PER\nBlack\tB-PER\nx\tI-LOC\n"
    )
    first, second = read(put(tmp_path, data), Reading())
    assert first.text == "EU says"
    assert list(first.labels) == [{"kind": "label", "value": [[0, 2, "ORG"]]}]
    assert second.text == "Peter Black Black x"
    assert second.labels[0]["value"] == [[0, 11, "PER"], [12, 17, "PER"], [18, 19, "LOC"]]


def test_what_is_written(tmp_path: Path) -> None:
    spans = [[0, 5, "PER"], [6, 9, "ORG"], [7, 8, "LOC"]]
    items = [
        Exported(Record("i", "Peter EU-x."), [{"kind": "label", "value": spans, "note": "n"}], "labelled"),
        Exported(Record("j", "nobody")),
    ]
    lost = write(items, tmp_path / "o.conll", About(task="spans"))
    assert (tmp_path / "o.conll").read_text() == "Peter\tB-PER\nEU\tB-ORG\n-\tI-ORG\nx\tO\n.\tO\n\n"
    assert [(x.what, x.items) for x in lost] == [
        ("span over another, or of no letters", 1),
        ("spaces of the text", 1),
        ("id", 1),
        ("note", 1),
        ("the whole item: nobody marked spans in it", 1),
    ]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_spans_of_words_come_back(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    words = data.draw(st.lists(st.text(st.sampled_from("abé𝄞1_"), min_size=1, max_size=4), min_size=1, max_size=6))
    text, at = " ".join(words), 0
    spans: list[list[Any]] = []
    for word in words:
        if data.draw(st.booleans()):
            spans.append([at, at + len(word), data.draw(st.sampled_from(["A", "B-x"]))])
        at += len(word) + 1
    path = tmp_path_factory.mktemp("c") / "o.conll"
    write([Exported(Record("i", text), [{"kind": "label", "value": spans}], "labelled")], path, About())
    (record,) = read(path, Reading())
    assert record.text is not None
    found: Any = record.labels[0]["value"]
    # 𝄞 is no part of a word and becomes a token of its own
    assert [["".join(record.text[s:e].split()), name] for s, e, name in found] == [
        [text[s:e], name] for s, e, name in spans
    ]


WORD = st.text(st.sampled_from("ae1é\u0301\u0327\u200dहन\u093f\u094d"), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from("ae1éहन").flatmap(lambda a: WORD.map(lambda b: a + b)), min_size=1, max_size=6))
def test_words_with_combining_marks_are_one_token(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    text, at = " ".join(words), 0
    spans: list[list[Any]] = []
    for place, word in enumerate(words):
        if place % 2 == 0:
            spans.append([at, at + len(word), "A"])
        at += len(word) + 1
    folder = tmp_path_factory.mktemp("c")
    item = Exported(Record("i", text), [{"kind": "label", "value": spans}], "labelled")
    lost = write([item], folder / "o.conll", About())
    assert [x.what for x in lost] == ["id"]
    (record,) = read(folder / "o.conll", Reading())
    assert (record.text, record.labels[0]["value"]) == (text, spans)
    write([Exported(record, list(record.labels), "labelled")], folder / "again.conll", About())
    assert (folder / "again.conll").read_bytes() == (folder / "o.conll").read_bytes()


@settings(max_examples=100, deadline=None)
@given(text=st.text(letters, max_size=20), name=st.sampled_from(CLASSES))
def test_any_text_can_be_written_and_read(text: str, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("c") / "o.conll"
    item = Exported(Record("i", text), [{"kind": "label", "value": [[0, len(text), name]]}], "labelled")
    lost = write([item], path, About())
    if any(x.what.startswith("the whole item") for x in lost):
        return
    (record,) = read(path, Reading())
    assert record.text is not None
    assert "".join(record.text.split()) == "".join(text.replace("\0", "").replace("\ufeff", "").split())


@pytest.mark.parametrize("data, line", [("a O\nb\n", 2), ("a\tO\nb\t\n", 2)])
def test_a_line_without_a_tag_has_its_number(data: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"line {line}: a token and a tag are needed") as caught:
        list(read(put(tmp_path, data), Reading()))
    assert caught.value.code == "BadRow"
    good = put(tmp_path, data + "\nc O\n")
    assert [r.text for r in read(good, Reading(bad=lambda n, why: None))] == ["c"]


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no sentences"):
        list(read(put(tmp_path, "\n\n"), Reading()))
