from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.data.sequences import SequenceSource, sequence_source


def test_items_are_lists_of_tokens() -> None:
    source = sequence_source([["a", "b"], ("c",)], truth=[["O", "B-x"], None])
    assert source.take(slice(None)) == [("a", "b"), ("c",)]
    assert source.take(np.array([1, 0])) == [("c",), ("a", "b")]
    assert source.lengths.tolist() == [2, 1]
    assert source.modality == "tokens"
    assert source.truth == [["O", "B-x"], None]
    assert source.ids[0] == sequence_source([["a", "b"]]).ids[0], "ids are of the content"
    assert source.ids[0] != sequence_source([["ab"]]).ids[0]


def test_copies_are_noticed_or_dropped() -> None:
    with pytest.warns(querist.QueristWarning, match="1 of 3"):
        sequence_source([["a"], ["b"], ["a"]])
    kept = sequence_source([["a"], ["b"], ["a"]], truth=[["O"], ["B-x"], ["O"]], dedupe=True)
    assert kept.sentences == [("a",), ("b",)]
    assert kept.truth == [["O"], ["B-x"]]
    assert kept.noticed.dropped == 1


@pytest.mark.parametrize(
    ("sentences", "truth", "code"),
    [
        ([["a"], "b c"], None, "BadSource"),
        ([["a"], ["b", 3]], None, "BadSource"),
        ([["a"], []], None, "BadText"),
        ([["a", ""]], None, "BadText"),
        ([["a", "b"]], [["O"]], "BadTags"),
        ([["a", "b"]], [["O", "O"], ["O"]], "LengthMismatch"),
        ([], None, "EmptyPool"),
    ],
)
def test_what_is_refused(sentences: Any, truth: Any, code: str) -> None:
    with pytest.raises(QueristError) as error:
        sequence_source(sentences, truth=truth)
    assert error.value.code == code


def test_read_takes_lists_of_tokens() -> None:
    source = querist.read([["Anna", "runs"], ["no"]], labels=[[[0, 1, "person"]], []], ids=["x", "y"])
    assert isinstance(source, SequenceSource)
    assert source.truth == [[[0, 1, "person"]], []], "spans stay numbers"
    with pytest.raises(QueristError, match="size= has no use"):
        querist.read([["a"]], size=3)
