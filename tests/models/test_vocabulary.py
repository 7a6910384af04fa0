from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import QueristError
from querist.models.vocabulary import Vocabulary, bucket, words_of


def test_frequent_words_come_first_and_rare_ones_share_buckets() -> None:
    v = Vocabulary.of(["b a a", "a b c", "B ."], least=2, buckets=4)
    assert v.words == ("a", "b"), "three of each, by alphabet"
    assert v.size == 1 + 2 + 4
    assert v.numbers("A b zebra") == [1, 2, 3 + zlib.crc32(b"zebra") % 4]
    assert Vocabulary.of(["b a a", "a b c"], least=1, most=2).words == ("a", "b")
    assert Vocabulary.of(["A a"], least=1, lower=False).words == ("A", "a")


def test_texts_and_tokens_become_padded_tensors() -> None:
    v = Vocabulary(("good", "film", "."), buckets=1, longest=3)
    rows = v(["Good film.", "", "film film film film"])
    assert rows.dtype == torch.int64
    assert rows.tolist() == [[1, 2, 3], [0, 0, 0], [2, 2, 2]]
    assert v([("good", "x y")]).tolist() == [[1, 4]], "a token is one word, whatever it holds"
    assert v([]).shape == (0, 1)
    assert v([""]).shape == (1, 1)
    assert list(words_of("a's b_c, é!")) == ["a", "'", "s", "b_c", ",", "é", "!"]
    assert bucket("\ud800", 7) < 7, "half a surrogate pair has a bucket too"


def test_saved_as_json_and_read_back(tmp_path: Path) -> None:
    v = Vocabulary.of([["é", "b", "é"], ["b"]], lower=False, longest=None)
    v.save(tmp_path / "v.json")
    assert json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))["words"] == ["b", "é"]
    assert Vocabulary.load(tmp_path / "v.json") == v
    (tmp_path / "bad.json").write_text("[1]", encoding="utf-8")
    for name in ("bad.json", "missing.json"):
        with pytest.raises(QueristError) as error:
            Vocabulary.load(tmp_path / name)
        assert error.value.code == "BadVocabulary"


@pytest.mark.parametrize("wrong", [{"buckets": 0}, {"longest": 0}, {"buckets": True}, {"words": ("a", "a")}])
def test_wrong_sizes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(QueristError) as error:
        Vocabulary(**{"words": ("a",), **wrong})
    assert error.value.code == "BadValue"


def test_numbers_are_no_texts() -> None:
    with pytest.raises(QueristError, match="texts or lists of tokens, got int"):
        Vocabulary(("a",))([3])  # type: ignore[list-item]
