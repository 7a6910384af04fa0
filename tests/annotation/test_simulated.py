"""The annotator that knows the truth."""

from __future__ import annotations

import pytest

from querist.annotation import SimulatedAnnotator
from querist.core.errors import ArgumentTypeError, UnknownNameError
from querist.core.types import Answer, AnswerKind, Provenance, Query

QUERY = Query("q0", 0, ("c", "a", "b"), "random")


def test_answers_with_the_truth_in_order() -> None:
    annotator = SimulatedAnnotator({"a": "cat", "b": "dog", "c": "cat"}, name="oracle", cost=0.25)
    answers = list(annotator.annotate(QUERY))
    assert answers == [
        Answer.label(item, value, annotator="oracle", cost=0.25, provenance=Provenance.SIMULATED)
        for item, value in (("c", "cat"), ("a", "cat"), ("b", "dog"))
    ]


def test_numbers_several_classes_and_soft_labels() -> None:
    annotator = SimulatedAnnotator({"a": 1.5, "b": ["x", "y"], "c": {"x": 0.25, "y": 0.75}})
    soft, number, several = annotator.annotate(QUERY)
    assert (soft.kind, soft.value) == (AnswerKind.DISTRIBUTION, {"x": 0.25, "y": 0.75})
    assert (number.kind, number.value) == (AnswerKind.LABEL, 1.5)
    assert (several.kind, several.value) == (AnswerKind.LABEL, ["x", "y"])


def test_a_function_and_none() -> None:
    annotator = SimulatedAnnotator(lambda item: None if item == "a" else item.upper())
    assert [(a.item, a.value) for a in annotator.annotate(QUERY)] == [("c", "C"), ("b", "B")]


def test_a_price_per_item() -> None:
    annotator = SimulatedAnnotator(str.upper, cost={"a": 1, "b": 2, "c": 3})
    assert [a.cost for a in annotator.annotate(QUERY)] == [3.0, 1.0, 2.0]


def test_unknown_items_and_bad_truths() -> None:
    with pytest.raises(UnknownNameError, match="does not know item 'c'"):
        list(SimulatedAnnotator({"a": "cat"}).annotate(QUERY))
    with pytest.raises(ArgumentTypeError):
        SimulatedAnnotator([("a", "cat")])  # type: ignore[arg-type]


def test_repr_shows_no_labels() -> None:
    assert repr(SimulatedAnnotator({"a": "secret"})) == "SimulatedAnnotator(1 labels, name='truth')"
