"""Shortlist keeps the best rated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError, StateError
from querist.strategies.arrays import context, select
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.parser import parse
from querist.strategies.scores.margin import Margin

TOP = np.array([0.9, 0.55, 0.8, 0.51, 0.6, 0.7])
P = np.column_stack([TOP, 1 - TOP])  # by margin: rows 3, 1, 4, 5, 2, 0


def kept(text: str, n: int, probs: Any = P) -> list[int]:
    part = parse(text)
    ctx = context(part.needs, seed=0, ids=None, labelled=None, pending=None, reference=None, probs=probs)
    assert isinstance(part, Shortlist)
    rows: list[int] = part.keep(ctx, n).tolist()
    return rows


def test_times_the_batch_or_so_many() -> None:
    assert kept("shortlist(margin, times=2)", 1) == [1, 3]
    assert kept("shortlist(margin, times=2)", 2) == [1, 3, 4, 5]
    assert kept("shortlist(margin, times=1.5)", 1) == [1, 3]  # rounded up
    assert kept("shortlist(margin, n=3)", 1) == [1, 3, 4]
    assert kept("shortlist(margin, times=10)", 2) == [0, 1, 2, 3, 4, 5]


def test_ties_by_key_of_the_id() -> None:
    same = np.full((50, 2), 0.5)
    first = kept("shortlist(margin, n=5)", 1, same)
    assert first != [0, 1, 2, 3, 4]
    assert first == kept("shortlist(margin, n=5)", 1, same)


def test_reason_and_rows_of_the_whole_pool() -> None:
    chosen = select("shortlist(margin, times=2) | least_confidence", 1, probs=P)
    assert chosen.indices.tolist() == [3]
    assert chosen.reasons == ("most probable class at 0.51; among the 2 of 6 highest by margin",)


def test_fewer_than_the_batch() -> None:
    with pytest.raises(StateError, match=r"shortlist\(margin, n=2\) left 2 of 6 items where 3 were asked") as error:
        select("shortlist(margin, n=2) | random", 3, probs=P)
    assert error.value.code == "NothingAvailable"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "exactly one of times .* got neither"),
        ({"times": 2, "n": 3}, "times=2 and n=3"),
        ({"times": 0.5}, "times must be a number ≥ 1, got 0.5"),
        ({"times": float("nan")}, "≥ 1, got nan"),
        ({"times": float("inf")}, "≥ 1, got inf"),
        ({"n": 0}, "n must be ≥ 1, got 0"),
    ],
)
def test_bad_sizes(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Shortlist(Margin(), **parameters)


@pytest.mark.parametrize("parameters", [{"times": "2"}, {"times": True}, {"n": 2.5}, {"n": "3"}])
def test_sizes_of_the_wrong_kind(parameters: dict[str, Any]) -> None:
    with pytest.raises(ArgumentTypeError, match="got"):
        Shortlist(Margin(), **parameters)


def test_a_selector_is_no_score() -> None:
    with pytest.raises(QueristError, match=r"a score .* is needed here"):
        parse("shortlist(top_k, n=3)")
