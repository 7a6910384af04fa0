from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import querist
import real_data
from querist.core.errors import QueristError
from querist.data.sequence_files import read_conll, read_sequences
from querist.data.spans import Spans

CONLL = "-DOCSTART- -X- O O\n\nEU NNP B-ORG\nrejects VBZ O\n\n\nPeter\tNN\tB-PER\r\nBlack burn\tNN\tI-PER\r\n"


def test_conll_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(CONLL, encoding="utf-8", newline="")
    source = read_conll(path)
    assert source.sentences == [("EU", "rejects"), ("Peter", "Black burn")]
    assert source.truth == [["B-ORG", "O"], ["B-PER", "I-PER"]]
    assert list(querist.read(path).ids) == list(source.ids)
    assert read_sequences(path).truth == source.truth


def test_a_bad_line_is_named_or_its_sentence_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a O\nb\nc O\n\nd O\n", encoding="utf-8")
    with pytest.raises(QueristError, match=r"line 2: a token and a tag are needed, got 'b'") as error:
        read_sequences(path)
    assert error.value.code == "BadRow"
    source = read_sequences(path, skip_bad=True)
    assert source.sentences == [("d",)]
    assert [line for line, _ in source.noticed.skipped] == [2]
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(QueristError, match="0 items"):
        read_sequences(path)


def test_jsonl_rows(tmp_path: Path) -> None:
    rows = [
        {"id": "x", "tokens": ["a", "b"], "tags": ["O", "B-p"]},
        {"id": "y", "tokens": ["c"], "tags": [[0, 1, "p"]]},
        {"id": "z", "tokens": ["d"]},
    ]
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(map(json.dumps, rows)))
    source = read_sequences(path)
    assert list(source.ids) == ["x", "y", "z"]
    assert source.truth == [["O", "B-p"], [[0, 1, "p"]], None]
    schema = Spans.found_in(source.truth).of(source)
    assert schema.encode(source.truth[1], "y").tolist() == [1]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, "1 tags for 2 tokens"),
        ({"tokens": []}, "'tokens' must be a list of texts"),
        ({"tags": ["O"]}, "'tokens' must be a list of texts"),
        ({"tokens": ["a", 1]}, "'tokens' must be a list of texts"),
        ({"tokens": ["a"], "tags": "O"}, "'tags' must be a list"),
    ],
)
def test_bad_rows_are_named_or_left_out(tmp_path: Path, row: dict[str, object], fault: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"tokens": ["x"], "tags": ["O"]}) + "\n\n" + json.dumps(row), encoding="utf-8")
    with pytest.raises(QueristError, match=f"line 3: .*{fault}"):
        read_sequences(path)
    source = read_sequences(path, skip_bad=True)
    assert source.sentences == [("x",)]
    assert source.noticed.skipped[0][0] == 3


def test_the_real_sets_are_read_whole() -> None:
    path = real_data.file("sequence/sec_filings/train.jsonl.gz")
    with pytest.warns(querist.QueristWarning, match="repeat"):
        source = read_sequences(path)
    assert (len(source), int(source.lengths.sum())) == (1164, 41010)
    assert source.truth is not None
    schema = Spans.found_in(source.truth).of(source)
    assert (schema.classes, schema.scheme) == (("LOC", "MISC", "ORG", "PER"), "io")
    assert sum(schema.encode(t, i).astype(bool).sum() for t, i in zip(source.truth, source.ids, strict=True)) == 1530
