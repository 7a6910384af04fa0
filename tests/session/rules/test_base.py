"""Operators, text forms and checks of parameters that all rules share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.types import Progress, StopReason
from querist.session.rules import AllOf, AnyOf, MaxCost, MaxLabels, MaxRounds, Plateau, StablePredictions
from querist.session.rules.base import StopRuleBase, check_fraction, check_positive, figure


@dataclass(frozen=True)
class Odd(StopRuleBase):
    """A rule with parameters of every kind."""

    word: str = "plain"
    flag: bool = False

    def check(self, progress: Progress) -> StopReason | None:
        return None


@pytest.mark.parametrize(
    "rule, text",
    [
        (MaxLabels(500), "max_labels(500)"),
        (MaxCost(100), "max_cost(100)"),
        (MaxCost(0.25), "max_cost(0.25)"),
        (MaxRounds(3), "max_rounds(3)"),
        (Plateau(), "plateau"),
        (Plateau(metric="log_loss", min_delta=0.01, best="min"), "plateau(metric=log_loss, min_delta=0.01, best=min)"),
        (Plateau(metric="f1 (macro)"), "plateau(metric='f1 (macro)')"),
        (StablePredictions(window=5), "stable_predictions(window=5)"),
        (Odd(word="class", flag=True), "odd(word='class', flag=True)"),
    ],
)
def test_text(rule: StopRuleBase, text: str) -> None:
    assert str(rule) == text


def test_operators_give_rules() -> None:
    a, b, c = MaxLabels(1), MaxRounds(2), MaxCost(3)
    assert a | b == AnyOf(a, b)
    assert a & b == AllOf(a, b)
    assert (a | b) | c == AnyOf(a, b, c) == a | (b | c)
    assert (a & b) & c == AllOf(a, b, c)
    assert str(a | b & c) == "max_labels(1) | max_rounds(2) & max_cost(3)"
    assert str((a | b) & c) == "(max_labels(1) | max_rounds(2)) & max_cost(3)"


@pytest.mark.parametrize("other", ["max_labels(3)", 3, None])
def test_operators_refuse_other_things(other: object) -> None:
    with pytest.raises(TypeError):
        MaxLabels(1) | other  # type: ignore[operator]
    with pytest.raises(TypeError):
        MaxLabels(1) & other  # type: ignore[operator]


def test_rules_are_values() -> None:
    assert MaxLabels(5) == MaxLabels(5) != MaxLabels(6)
    assert len({MaxLabels(5), MaxLabels(5), MaxRounds(5)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        MaxLabels(5).n = 6  # type: ignore[misc]


@pytest.mark.parametrize("value, text", [(100.0, "100"), (0.5, "0.5"), (1e300, "1e+300"), (0.1 + 0.2, repr(0.1 + 0.2))])
def test_figure_reads_back(value: float, text: str) -> None:
    assert figure(value) == text
    assert float(figure(value)) == value


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_positive_refuses_range(value: float) -> None:
    with pytest.raises(ArgumentError, match="cost must be"):
        check_positive(value, "cost")


@pytest.mark.parametrize("value", ["5", None, True])
def test_positive_refuses_kinds(value: object) -> None:
    with pytest.raises(ArgumentTypeError, match="cost must be a number"):
        check_positive(value, "cost")


def test_positive_and_fraction_take_good_ones() -> None:
    assert check_positive(0, "x", zero=True) == 0.0
    assert check_positive(7, "x") == 7.0
    assert check_fraction(1, "x") == 1.0
    with pytest.raises(ArgumentError, match=r"at most 1, got 1\.5"):
        check_fraction(1.5, "kappa")
