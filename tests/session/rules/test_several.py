"""Rules made of rules."""

from __future__ import annotations

import pytest

from querist.core.errors import ArgumentTypeError
from querist.session.rules import AllOf, AnyOf, MaxLabels, MaxRounds
from querist.session.rules.several import check_rules, flatten, join_texts

A, B, C = MaxLabels(1), MaxRounds(2), MaxLabels(3)


def test_flatten_spreads_out_its_own_kind_only() -> None:
    both = AllOf(A, B)
    assert flatten(AnyOf, (AnyOf(A, B), C, both)) == (A, B, C, both)
    assert flatten(AllOf, (both, C)) == (A, B, C)


def test_join_texts_puts_brackets_round_what_binds_more_loosely() -> None:
    assert join_texts(" & ", (AnyOf(A, B), C), 2) == "(max_labels(1) | max_rounds(2)) & max_labels(3)"
    assert join_texts(" | ", (AllOf(A, B), C), 1) == "max_labels(1) & max_rounds(2) | max_labels(3)"


def test_check_rules_says_what_a_rule_inherits() -> None:
    assert check_rules("any_of", [A, B]) == (A, B)
    with pytest.raises(ArgumentTypeError, match="inherits StopRuleBase"):
        check_rules("any_of", [A, "max_labels(3)"])
