"""A metric that stands still."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from querist.session.rules.plateau import Plateau
from querist.testing.rules import progress_of


@pytest.mark.parametrize(
    "values, patience, min_delta, stops",
    [
        ([0.5, 0.6], 2, 0.0, False),  # too few rounds
        ([0.5, 0.5, 0.5], 2, 0.0, True),  # flat
        ([0.5, 0.5, 0.6], 2, 0.0, False),  # the last round is better
        ([0.5, 0.6, 0.5, 0.5], 2, 0.0, True),  # the best is two rounds old
        ([0.5, 0.6, 0.5], 2, 0.0, False),  # the best is one round old
        ([0.8, 0.805, 0.809], 2, 0.01, True),  # better, but not enough
        ([0.8, 0.805, 0.81], 2, 0.01, False),  # exactly enough, in spite of rounding
        ([0.9, 0.8, 0.85], 2, 0.0, True),  # recovering, and still below the best
        ([0.5, math.nan, 0.5, math.nan, 0.5], 2, 0.0, True),  # rounds without the figure do not count
        ([0.5, math.nan, math.nan, 0.5], 2, 0.0, False),
    ],
)
def test_by_hand(values: list[float], patience: int, min_delta: float, stops: bool) -> None:
    rule = Plateau("accuracy", patience=patience, min_delta=min_delta)
    assert (rule.check(progress_of(values)) is not None) is stops


def test_less_is_better() -> None:
    rule = Plateau("loss", patience=2, best="min")
    assert rule.check(progress_of([0.9, 0.8, 0.7], metrics=("loss",))) is None
    assert rule.check(progress_of([0.7, 0.8, 0.9], metrics=("loss",))) is not None


def test_reason_names_the_figures() -> None:
    reason = Plateau(patience=2).check(progress_of([0.71234, 0.7, 0.69]))
    assert reason is not None
    assert reason.rule == "plateau(patience=2)"
    assert reason.text == (
        "accuracy has not improved in the last 2 rounds: the best of them is 0.7, the best before was 0.7123"
    )
    reason = Plateau(patience=1, min_delta=0.05).check(progress_of([0.5, 0.51]))
    assert reason is not None
    assert "by 0.05 in the last 1 rounds" in reason.text


def test_unknown_metric_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"'acuracy', which no round has; did you mean 'accuracy'\?") as caught:
        Plateau("acuracy").check(progress_of([0.5]))
    assert caught.value.code == "UnknownMetric"
    assert Plateau("acuracy").check(progress_of([])) is None  # nothing is fitted yet: it cannot be known


def test_rounds_before_the_metric_was_measured_do_not_count() -> None:
    progress = progress_of([0.5] * 4)
    first = replace(progress.history[0], metrics={})
    assert Plateau(patience=3).check(progress) is not None
    assert Plateau(patience=3).check(replace(progress, history=(first, *progress.history[1:]))) is None


def test_a_figure_that_the_journal_gives_back_as_none_does_not_count() -> None:
    progress = progress_of([0.5] * 4)
    none = replace(progress.history[1], metrics={"accuracy": None})  # type: ignore[dict-item]
    assert (
        Plateau(patience=3).check(replace(progress, history=(progress.history[0], none, *progress.history[2:]))) is None
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 4))
def test_like_a_slow_count(values: list[int], patience: int) -> None:
    """Stops exactly when the round of the first best is at least ``patience`` rounds old."""
    age = len(values) - 1 - values.index(max(values))
    stops = Plateau(patience=patience).check(progress_of([float(v) for v in values])) is not None
    assert stops is (age >= patience)


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="patience must be ≥ 1, got 0"):
        Plateau(patience=0)
    with pytest.raises(ArgumentError, match="min_delta"):
        Plateau(min_delta=-0.1)
    with pytest.raises(ArgumentError, match="best must be 'max' or 'min', got most"):
        Plateau(best="most")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="metric"):
        Plateau(3)  # type: ignore[arg-type]
