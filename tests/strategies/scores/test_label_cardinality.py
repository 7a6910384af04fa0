"""`label_cardinality` by hand: both ends of beta, and where the expected number of labels comes from."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import MULTILABEL
from querist.strategies.scores.label_cardinality import LabelCardinality
from querist.testing.strategies import check_strategy

P = np.array([[0.9, 0.6, 0.2], [0.1, 0.2, 0.3], [0.8, 0.9, 0.7]])
KNOWN = {"multilabel": np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])}  # 1.5 labels an item


def test_variants_keep_the_contract() -> None:
    check_strategy("label_cardinality(cardinality=1.5)")


def test_cardinality_alone() -> None:
    got = querist.score("label_cardinality(beta=0)", multilabel=P, labelled=KNOWN)
    assert got == pytest.approx([0.5, 1.5, 1.5])
    assert querist.score("label_cardinality(beta=0, cardinality=3)", multilabel=P) == pytest.approx([1, 3, 0])


def test_separation_alone() -> None:
    got = querist.score("label_cardinality(beta=1)", multilabel=P, labelled=KNOWN)
    assert got == pytest.approx([1 / 0.8, 1 / 1.4, 1 / 1.4])


def test_both() -> None:
    got = querist.score("label_cardinality", multilabel=P, labelled=KNOWN)
    assert got == pytest.approx(np.sqrt([0.5 / 0.8, 1.5 / 1.4, 1.5 / 1.4]))
    chosen = querist.select("label_cardinality(beta=0.25)", 3, multilabel=P, labelled=KNOWN)
    assert "0 labels predicted where 1.50 are expected, separated by 1.40" in chosen.reasons


def test_labels_that_are_not_separated_give_a_finite_score() -> None:
    got = querist.score(
        "label_cardinality(beta=1)", multilabel=np.array([[0.5 + 1e-12, 0.5]]), labelled={"multilabel": P[:, :2]}
    )
    assert np.isfinite(got).all()


def test_needs_and_bad_parameters() -> None:
    assert LabelCardinality().needs.labelled == {MULTILABEL}
    assert LabelCardinality(cardinality=2).needs.labelled == frozenset()
    with pytest.raises(ArgumentError, match="beta must be a number from 0 to 1, got 2"):
        LabelCardinality(beta=2)
    with pytest.raises(ArgumentTypeError, match="cardinality must be a number"):
        LabelCardinality(cardinality="2")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="labelled"):
        querist.score("label_cardinality", multilabel=P)
