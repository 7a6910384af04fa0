"""Agreement of two models, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.data.spans import Spans
from querist.server.trainer.comparing import agreement, concordance, decided, measure

TWO = ("cat", "dog")


def test_one_class_is_kappa_of_the_most_probable() -> None:
    said = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    other = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    schema = SingleLabel(TWO)
    assert agreement(schema, decided(schema, said), decided(schema, other)) == pytest.approx(0.5)


def test_several_classes_are_the_mean_of_their_kappas() -> None:
    schema = MultiLabel(TWO)
    said = decided(schema, np.array([[0.9, 0.9], [0.6, 0.1], [0.2, 0.8], [0.3, 0.3]]))
    other = decided(schema, np.array([[0.9, 0.9], [0.6, 0.1], [0.2, 0.8], [0.7, 0.3]]))
    assert said.tolist() == [[True, True], [True, False], [False, True], [False, False]]
    assert agreement(schema, said, other) == pytest.approx((0.5 + 1.0) / 2)


def test_numbers_must_be_equal_and_not_only_rise_together() -> None:
    schema = Number()
    said = decided(schema, np.array([1.0, 2.0, 3.0]))
    assert agreement(schema, said, said) == 1.0
    assert agreement(schema, said, said + 1) == pytest.approx(2 * (2 / 3) / (4 / 3 + 1))
    assert agreement(schema, said, -said) < 0
    assert concordance(np.array([2.0, 2.0]), np.array([2.0, 2.0])) == 1.0
    assert concordance(np.array([2.0, 2.0]), np.array([3.0, 3.0])) == 0.0


def test_spans_are_the_kappa_of_tags() -> None:
    assert agreement(Spans(("person",)), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("schema", "name"),
    [(SingleLabel(TWO), "kappa"), (MultiLabel(TWO), "mean kappa of the labels"), (Number(), "concordance"),
     (Spans(TWO), "kappa of the tokens")],
)  # fmt: skip
def test_each_has_a_name(schema: Schema, name: str) -> None:
    assert measure(schema) == name
