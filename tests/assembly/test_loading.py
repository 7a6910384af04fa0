"""Data of a specification: frozen features for tables only, spans held to their tokens, truth for every item."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from querist.assembly.loading import load_data
from querist.assembly.spec import parse_spec
from querist.core.errors import DataError
from querist.data.spans import Spans
from tagged import sentences


def tagged_file(folder: Path, **names: str) -> Path:
    source = sentences(20)
    assert source.truth is not None
    keys = {"tokens": "tokens", "tags": "tags", **names}
    rows = [{"id": i, keys["tokens"]: t, keys["tags"]: y} for i, t, y in
            zip(source.ids, source.sentences, source.truth, strict=True)]  # fmt: skip
    path = folder / "s.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_texts_stay_texts_for_those_who_read_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\n" + "".join(f"a text {k},{'ab'[k % 2]}\n" for k in range(20)))
    data = f'[data]\nsource = "{tmp_path / "t.csv"}"\n'
    assert load_data(parse_spec(data)).source.modality == "table"
    assert load_data(parse_spec(data + '[model]\nlearner = "recurrent"\n')).source.modality == "text"


def test_tagged_sentences(tmp_path: Path) -> None:
    path = tagged_file(tmp_path, tokens="words", tags="marks")
    data = f'[data]\nsource = "{path}"\ntokens = "words"\ntags = "marks"\n'
    loaded = load_data(parse_spec(data))
    assert isinstance(loaded.schema, Spans)
    assert (loaded.schema.classes, loaded.schema.scheme) == (("person", "place"), "bio")
    assert loaded.source.modality == "tokens"
    assert loaded.source.ids[0] == "s0"
    with pytest.raises(DataError, match="tokens"):
        loaded.schema.encode(["O"] * 99, item="s0")
    named = '[labels]\ntask = "spans"\nclasses = ["place", "person", "thing"]\nscheme = "io"\nrepair = true\n'
    schema = load_data(parse_spec(data + named)).schema
    assert schema == Spans(("place", "person", "thing"), "io", True)


def test_an_item_without_truth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"tokens": ["a"], "tags": ["B-x"]}\n{"tokens": ["b"]}\n')
    spec = parse_spec(f'[data]\nsource = "{tmp_path / "s.jsonl"}"\n[model]\nlearner = "tagger"\n')
    with pytest.raises(DataError, match="without a true label") as error:
        load_data(spec)
    assert error.value.code == "NoTruth"
