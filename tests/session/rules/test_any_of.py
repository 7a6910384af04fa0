"""One of several."""

from __future__ import annotations

import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.session.rules import AllOf, AnyOf, MaxLabels, MaxRounds
from querist.testing.rules import progress_of


def test_the_first_reason_in_order() -> None:
    rule = AnyOf(MaxLabels(30), MaxRounds(2))
    assert rule.check(progress_of([0.5])) is None
    reason = rule.check(progress_of([0.5] * 2))  # 20 labels, 2 rounds
    assert reason is not None
    assert reason.rule == "max_rounds(2)"
    reason = rule.check(progress_of([0.5] * 3))  # both
    assert reason is not None
    assert reason.rule == "max_labels(30)"


def test_text_and_repr() -> None:
    rule = AnyOf(MaxLabels(1), AllOf(MaxRounds(2), MaxLabels(3)))
    assert str(rule) == "max_labels(1) | max_rounds(2) & max_labels(3)"
    assert eval(repr(rule)) == rule  # noqa: S307  (the Python form, in a test)


def test_refuses_nothing_and_other_things() -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        AnyOf()
    with pytest.raises(ArgumentTypeError, match="int 3"):
        AnyOf(MaxLabels(1), 3)  # type: ignore[arg-type]
