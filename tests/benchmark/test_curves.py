"""Areas, targets and mean curves, by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.benchmark.curves import aubc, aubc_published, labels_to_target, mean_curve
from querist.core.errors import ArgumentError


def test_aubc_by_hand() -> None:
    # (0 + 1) / 2 * 10 + 1 * 20 = 25 over a range of 30
    assert aubc([0, 10, 30], [0, 1, 1]) == pytest.approx(25 / 30)
    assert aubc([50], [0.7]) == 0.7
    assert aubc([50, 50], [0.6, 0.7]) == 0.7


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 1)), min_size=2, max_size=8))
def test_aubc_is_the_slow_sum_and_lies_between_the_extremes(steps: list[tuple[int, float]]) -> None:
    labels = [sum(s for s, _ in steps[: k + 1]) for k in range(len(steps))]
    values = [v for _, v in steps]
    points = list(zip(labels, values))
    slow = sum((b - a) * (u + v) / 2 for (a, u), (b, v) in pairwise(points))
    assert aubc(labels, values) == pytest.approx(slow / (labels[-1] - labels[0]))
    assert min(values) - 1e-9 <= aubc(labels, values) <= max(values) + 1e-9


def test_published_areas_by_hand() -> None:
    # two trapezoids of .6 and .8 over three points; the mean of the three is .7
    assert aubc_published([0.5, 0.7, 0.9], "points") == pytest.approx(1.4 / 3)
    assert aubc_published([0.5, 0.7, 0.9], "mean") == pytest.approx(0.7)
    assert (aubc_published([0.5], "points"), aubc_published([0.5], "mean")) == (0, 0.5)


def test_published_areas_refuse_an_unknown_rule_and_nothing() -> None:
    with pytest.raises(ArgumentError) as caught:
        aubc_published([0.5], "sum")  # type: ignore[arg-type]
    assert caught.value.code == "BadValue"
    with pytest.raises(ArgumentError) as caught:
        aubc_published([], "mean")
    assert caught.value.code == "BadCurve"


def test_labels_to_target_is_the_first_round() -> None:
    assert labels_to_target([10, 20, 30], [0.5, 0.7, 0.6], 0.6) == 20
    assert labels_to_target([10, 20], [0.6, 0.7], 0.6) == 10
    assert labels_to_target([10, 20], [0.6, 0.7], 0.71) is None


def test_mean_curve_keeps_to_common_label_counts() -> None:
    labels, mean, low, high = mean_curve([([1, 2, 3], [0, 1, 2]), ([1, 3, 5], [1, 4, 9])])
    assert labels.tolist() == [1, 3]
    assert mean.tolist() == [0.5, 3]
    assert (low <= mean).all()
    assert (mean <= high).all()
    assert (low.tolist(), high.tolist()) == ([0, 2], [1, 4])


def test_mean_curve_of_one_has_no_band() -> None:
    labels, mean, low, high = mean_curve([([1, 2], [0.5, 0.75])])
    assert labels.tolist() == [1, 2]
    assert mean.tolist() == low.tolist() == high.tolist() == [0.5, 0.75]


def test_mean_curve_without_common_counts_is_empty() -> None:
    assert [len(part) for part in mean_curve([([1], [0.5]), ([2], [0.5])])] == [0, 0, 0, 0]


def test_malformed_curves_are_refused() -> None:
    for labels, values in [([], []), ([1, 2], [0.5]), ([2, 1], [0.5, 0.6])]:
        with pytest.raises(ArgumentError) as caught:
            aubc(labels, values)
        assert caught.value.code == "BadCurve"
    with pytest.raises(ArgumentError, match="no curve"):
        mean_curve([])
