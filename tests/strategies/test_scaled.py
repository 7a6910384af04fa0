"""Percentile, softmax and decay by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import LOSS, Context, View
from querist.strategies.algebra import as_score
from querist.strategies.scaled import Decayed, Percentile, SoftmaxNorm

VALUES = np.array([3.0, 1.0, 3.0, 2.0])


def rate(text: str, round: int = 0) -> Any:
    return as_score(text).rate(Context(View(4, {LOSS: VALUES}), round=round))


def test_percentile() -> None:
    assert rate("percentile(learning_loss)").tolist() == [0.5, 0.0, 0.5, 0.25]
    assert querist.score("percentile(margin)", probs=np.full((3, 2), 0.5)).tolist() == [0.0] * 3


def test_softmax_norm() -> None:
    raised = np.exp(VALUES)
    assert rate("softmax_norm(learning_loss)") == pytest.approx(raised / raised.sum())
    assert rate("softmax_norm(learning_loss, temperature=1e-3)") == pytest.approx([0.5, 0, 0.5, 0])
    assert rate("softmax_norm(1e6 * learning_loss)").sum() == pytest.approx(1)
    assert rate("softmax_norm(learning_loss, temperature=1e9)") == pytest.approx([0.25] * 4)


def test_decayed() -> None:
    assert rate("decayed(learning_loss)").tolist() == VALUES.tolist()
    assert rate("decayed(learning_loss, factor=0.5)", round=3) == pytest.approx(VALUES / 8)
    assert rate("learning_loss - decayed(learning_loss, factor=0.5)", round=2) == pytest.approx(VALUES * 3 / 4)
    assert rate("decayed(learning_loss, factor=1)", round=9).tolist() == VALUES.tolist()
    ctx = Context(View(4, {LOSS: VALUES}), round=2)
    words = Decayed("learning_loss").explain(ctx, np.array([0]), 0.81 * VALUES[:1])  # type: ignore[arg-type]
    assert words == ["the loss head predicts a loss of 3, at weight 0.81 in round 2"]


@pytest.mark.parametrize(
    ("part", "value", "kind", "words"),
    [
        (SoftmaxNorm, 0, ArgumentError, "temperature must be a number above 0, got 0"),
        (SoftmaxNorm, "hot", ArgumentTypeError, "temperature must be a number above 0, got str hot"),
        (Decayed, 1.1, ArgumentError, "factor must be a number above 0 and at most 1, got 1.1"),
        (Decayed, False, ArgumentTypeError, "got bool"),
    ],
)
def test_bad_parameters(part: Any, value: Any, kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        part("margin", value)


def test_only_scores_are_scaled() -> None:
    with pytest.raises(ArgumentTypeError, match=r"a score .* is needed here"):
        Percentile("top_k")  # type: ignore[arg-type]
