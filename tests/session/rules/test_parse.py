"""The text form of rules."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from querist.core.registry import Registry
from querist.core.types import Progress, StopReason
from querist.session.rules import (
    AllOf,
    AnyOf,
    MaxCost,
    MaxLabels,
    MaxRounds,
    Plateau,
    StablePredictions,
    StopRuleBase,
    parse_rule,
)


@pytest.mark.parametrize(
    "text, rule",
    [
        ("max_labels(500)", MaxLabels(500)),
        (" max_labels( n = 500 ) ", MaxLabels(500)),
        ("max_cost(12.5)", MaxCost(12.5)),
        ("plateau", Plateau()),
        ("plateau(metric=accuracy, patience=5)", Plateau("accuracy", 5)),
        ("plateau(metric='f1 (macro)')", Plateau("f1 (macro)")),
        ("plateau(loss, best=min)", Plateau("loss", best="min")),
        ("stable_predictions(kappa=.95)", StablePredictions(kappa=0.95)),
        ("max_labels(5) | max_rounds(2)", AnyOf(MaxLabels(5), MaxRounds(2))),
        ("max_labels(5) & max_rounds(2) | plateau", AnyOf(AllOf(MaxLabels(5), MaxRounds(2)), Plateau())),
        ("max_labels(5) & (max_rounds(2) | plateau)", AllOf(MaxLabels(5), AnyOf(MaxRounds(2), Plateau()))),
        ("any_of(max_labels(5), plateau)", AnyOf(MaxLabels(5), Plateau())),
        ("all_of(max_labels(5), plateau)", AllOf(MaxLabels(5), Plateau())),
    ],
)
def test_reads(text: str, rule: StopRuleBase) -> None:
    assert parse_rule(text) == rule
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    "text, kind, code, words",
    [
        ("max_label(5)", UnknownNameError, "UnknownName", "did you mean max_labels?"),
        ("plateau(patienc=5)", UnknownNameError, "UnknownParameter", "did you mean patience?"),
        ("max_labels(m=5)", UnknownNameError, "UnknownParameter", "it takes: n"),
        ("max_labels", ArgumentError, "BadParameter", "missing a required argument: 'n'"),
        ("plateau(accuracy, 5)", ArgumentError, "BadParameter", "the others by name (metric, patience"),
        ("max_labels(5, n=5)", ArgumentError, "BadParameter", "multiple values"),
        ("max_labels(0)", ArgumentError, "BadCount", "n must be ≥ 1, got 0"),
        ("max_labels(-3)", ArgumentError, "BadCount", "-3"),
        ("max_labels(2.5)", ArgumentTypeError, "BadCount", "float 2.5"),
        ("max_labels(True)", ArgumentTypeError, "BadCount", "bool"),
        ("max_labels(5) +", ArgumentError, "BadExpression", "cannot read the stop rule"),
        ("max_labels(5) + plateau", ArgumentError, "BadExpression", "has no meaning"),
        ("max_labels(5) or plateau", ArgumentError, "BadExpression", "has no meaning"),
        ("max_labels(2 + 3)", ArgumentError, "BadExpression", "'2 + 3' has no meaning"),
        ("max_labels(**x)", ArgumentError, "BadExpression", "has no meaning"),
        ("a.b(5)", ArgumentError, "BadExpression", "has no meaning"),
        ("__import__('os').system('true')", ArgumentError, "BadExpression", "has no meaning"),
        ("(lambda: 1)()", ArgumentError, "BadExpression", "has no meaning"),
        ("", ArgumentError, "BadExpression", "cannot read"),
        ("max_labels(5)\0", ArgumentError, "BadExpression", "cannot read"),
        ("(" * 5_000, ArgumentError, "BadExpression", "stop rule"),
        ("plateau|" * 5_000 + "plateau", ArgumentError, "BadExpression", "at most 10000"),
        ("-" * 5_000 + "1", ArgumentError, "BadExpression", "stop rule"),
        ("max_labels(" + "-" * 3_000 + "1)", ArgumentError, "BadExpression", "stop rule"),
        (5, ArgumentTypeError, "BadExpression", "int 5"),
    ],
)
def test_refuses(text: str, kind: type[Exception], code: str, words: str) -> None:
    with pytest.raises(kind) as caught:
        parse_rule(text)
    assert getattr(caught.value, "code", "") == code
    assert words in str(caught.value)


RULES = st.one_of(
    st.integers(1, 10**9).map(MaxLabels),
    st.floats(1e-6, 1e9).map(MaxCost),
    st.integers(1, 99).map(MaxRounds),
    st.builds(
        Plateau,
        metric=st.sampled_from(["accuracy", "log_loss", "f1 'x'", "None", "max_labels", "é"]),
        patience=st.integers(1, 9),
        min_delta=st.floats(0, 1),
        best=st.sampled_from(["max", "min"]),
    ),
    st.builds(StablePredictions, kappa=st.floats(0.01, 1), window=st.integers(1, 9)),
)
TREES = st.recursive(
    RULES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda rules: AnyOf(*rules)),
        st.lists(inner, min_size=2, max_size=3).map(lambda rules: AllOf(*rules)),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_text_reads_back(rule: StopRuleBase) -> None:
    assert parse_rule(str(rule)) == rule
    assert str(parse_rule(str(rule))) == str(rule)


def test_a_plug_in_rule_is_read() -> None:
    @dataclass(frozen=True)
    class Friday(StopRuleBase):
        hour: int = 17

        def check(self, progress: Progress) -> StopReason | None:
            return None

    registry = Registry(doors={}, entry_points=None)
    registry.add("stop_rule", "friday", Friday)
    registry.add("stop_rule", "nothing", lambda: 3)
    assert parse_rule("friday(hour=16)", registry=registry) == Friday(16)
    with pytest.raises(ArgumentTypeError, match="which is no stop rule"):
        parse_rule("nothing", registry=registry)
