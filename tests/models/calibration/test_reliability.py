from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.models.calibration.reliability import reliability, top_class


def test_bins_by_hand() -> None:
    found = reliability(np.array([0.1, 0.5, 0.3, 0.9, 0.8]), np.array([0, 1, 0, 1, 0]), bins=2)
    assert found.count.tolist() == [3, 2]  # a half belongs to the lower bin
    assert found.confidence == pytest.approx([0.3, 0.85])
    assert found.accuracy == pytest.approx([1 / 3, 0.5])
    assert found.error == pytest.approx((3 * (1 / 3 - 0.3) + 2 * 0.35) / 5)


def test_empty_bins_are_left_out_and_bounds_have_a_place() -> None:
    found = reliability(np.array([0.0, 1.0, 1.0]), np.array([0, 1, 1]), bins=10)
    assert found.count.tolist() == [1, 2]
    assert found.error == 0.0
    assert reliability(np.zeros(0), np.zeros(0)).error == 0.0


def test_adaptive_bins_hold_as_many_items_and_keep_ties_together() -> None:
    rng = np.random.default_rng(0)
    q = rng.beta(8, 1, 400)
    assert reliability(q, q, 8, adaptive=True).count.tolist() == [50] * 8
    tied = reliability(np.repeat([0.5, 0.9], [7, 3]), np.r_[np.ones(4), np.zeros(6)], 5, adaptive=True)
    assert tied.count.tolist() == [7, 3]


@pytest.mark.parametrize("adaptive", [False, True])
def test_order_plays_no_part_and_calibrated_events_have_no_error(adaptive: bool) -> None:
    rng = np.random.default_rng(1)
    q = rng.random(20_000).round(3)
    right = rng.random(20_000) < q
    found = reliability(q, right, adaptive=adaptive)
    order = rng.permutation(20_000)
    again = reliability(q[order], right[order], adaptive=adaptive)
    assert found.error < 0.02
    assert np.allclose(found.accuracy, again.accuracy)
    assert reliability(q, ~right, adaptive=adaptive).error > 0.3


def test_the_top_class_of_classes_and_of_shares() -> None:
    probs = np.array([[0.2, 0.8], [0.7, 0.3]])
    assert [a.tolist() for a in top_class(probs, np.array([1, 1]))] == [[0.8, 0.7], [1.0, 0.0]]
    assert top_class(probs, np.array([[0.4, 0.6], [0.1, 0.9]]))[1].tolist() == [0.6, 0.1]


def test_bad_shapes_and_bins_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"got \(2,\) and \(3,\)"):
        reliability(np.zeros(2), np.zeros(3))
    with pytest.raises(ArgumentError, match="bins must be at least 1, got 0"):
        reliability(np.zeros(2), np.zeros(2), 0)
