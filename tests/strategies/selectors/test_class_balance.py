"""`class_balance`: classes that are lacking first, by labels of labelled and predictions of pending items."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.selectors.class_balance import ClassBalance

P = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])


def test_what_is_lacking_comes_first() -> None:
    labelled = {"labels": np.array([0, 0, 0])}
    chosen = querist.select("class_balance", 1, probs=P, labelled=labelled)
    assert chosen.indices.tolist() == [2]
    # three items of class 0 and one more asked: 2 for each class, so 2 of class 1 are lacking
    assert chosen.reasons == ("likely of class 1, of which 2.0 are lacking",)
    assert chosen.scores == pytest.approx([-(0.1 + 1.1)])


def test_pending_items_count_by_their_most_probable_class() -> None:
    ones = np.tile([0.0, 1.0], (3, 1))
    chosen = querist.select("class_balance", 1, probs=P, pending={"probs": ones})
    assert chosen.indices.tolist() == [0]


def test_the_score_against_the_balance() -> None:
    labelled = {"labels": np.array([0, 0, 0])}
    by_score = querist.select("entropy >> class_balance(weight=0)", 1, probs=P, labelled=labelled)
    assert by_score.indices.tolist() == [3]
    assert by_score.scores == pytest.approx([querist.score("entropy", probs=P)[3]])
    balanced = querist.select("entropy >> class_balance(weight=9)", 1, probs=P, labelled=labelled)
    assert balanced.indices.tolist() == [2]


def test_a_batch_is_balanced() -> None:
    p = np.concatenate([np.tile([0.95, 0.05], (90, 1)), np.tile([0.05, 0.95], (10, 1))])
    chosen = querist.select("class_balance", 12, probs=p)
    assert (chosen.indices >= 90).sum() == 6


def test_bad_parameters_and_labels() -> None:
    with pytest.raises(ArgumentError, match="weight must be a number ≥ 0, got -1"):
        ClassBalance(-1)
    with pytest.raises(ArgumentTypeError, match="weight must be a number"):
        ClassBalance("x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="probs has 2 classes"):
        querist.select("class_balance", 1, probs=P, labelled={"labels": np.array([0, 2])})
