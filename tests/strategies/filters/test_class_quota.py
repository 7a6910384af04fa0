"""Class quotas by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError, StateError
from querist.strategies.arrays import context
from querist.strategies.filters.class_quota import ClassQuota
from querist.testing.strategies import check_strategy

TOP = np.array([0.9, 0.8, 0.7, 0.6, 0.55, 0.95])
P = np.column_stack([TOP, 1 - TOP, np.zeros(6)])
P[5] = [0.02, 0.95, 0.03]  # the only item of class 1; nothing is of class 2


def kept(text: str, n: int, seed: int = 0) -> list[int]:
    part = querist.parse(text)
    ctx = context(part.needs, seed=seed, ids=None, labelled=None, pending=None, reference=None, probs=P)
    assert isinstance(part, ClassQuota)
    rows: list[int] = part.keep(ctx, n).tolist()
    return rows


def test_so_many_of_each_class() -> None:
    assert kept("class_quota(2, score=margin)", 1) == [3, 4, 5]
    assert kept("class_quota({0: 1, 1: 0}, score=margin)", 1) == [4]
    assert kept("class_quota({0: 1}, score=least_confidence)", 1) == [4, 5]  # class 1 is not limited
    assert kept("class_quota(100)", 1) == [0, 1, 2, 3, 4, 5]


def test_evenly_at_least_the_batch() -> None:
    assert kept("class_quota(times=1, score=margin)", 2) == [4, 5]
    assert kept("class_quota(times=2, score=margin)", 2) == [2, 3, 4, 5]  # one class has one item, the other makes up
    assert len(kept("class_quota(times=1)", 6)) == 6


def test_without_a_score_the_seed_draws() -> None:
    drawn = {tuple(kept("class_quota(1)", 1, seed)) for seed in range(60)}
    assert drawn == {(row, 5) for row in range(5)}


def test_a_hard_quota_may_leave_too_few() -> None:
    with pytest.raises(StateError, match=r"class_quota\(1\) left 2 of 6 items where 3 were asked"):
        querist.select("class_quota(1) | margin", 3, probs=P)
    reason = querist.select("class_quota(1, score=margin) | margin", 1, probs=P).reasons[0]
    assert reason.endswith("among 2 of 6, at most 1 of a predicted class, the highest by margin")
    assert "evenly over the predicted classes" in querist.select("class_quota(times=2) | margin", 1, probs=P).reasons[0]


@pytest.mark.parametrize(
    "text", ["class_quota(5)", "class_quota({0: 5, 2: 50}, score=margin)", "class_quota(times=2, score=margin)"]
)
def test_text_form(text: str) -> None:
    assert str(querist.parse(text)) == text
    assert str(querist.parse(str(querist.parse(text)))) == text


def test_the_contract_with_a_mapping() -> None:
    check_strategy("class_quota({0: 40, 1: 30}, score=entropy)")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "exactly one of per .* got neither"),
        ({"per": 2, "times": 3}, "per=2 and times=3"),
        ({"per": 0}, "per must be ≥ 1, got 0"),
        ({"per": {}}, "names no class"),
        ({"per": {0: -1}}, "got quota -1"),
        ({"per": {-2: 1}}, "got class -2"),
        ({"times": 0.5}, "times must be a number ≥ 1"),
    ],
)
def test_bad_values(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        ClassQuota(**parameters)


@pytest.mark.parametrize(
    "parameters", [{"per": 1.5}, {"per": {"cat": 3}}, {"per": {0: 1.5}}, {"times": True}, {"per": 1, "score": 3}]
)
def test_values_of_the_wrong_kind(parameters: dict[str, Any]) -> None:
    with pytest.raises((ArgumentTypeError, QueristError)) as error:
        ClassQuota(**parameters)
    assert isinstance(error.value, TypeError)
