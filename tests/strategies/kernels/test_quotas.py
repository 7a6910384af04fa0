"""Quotas by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.seeds import id_hashes
from querist.strategies.kernels.quotas import even_quotas, predicted_classes, within_quotas


def test_predicted_classes_take_the_first_of_equals() -> None:
    assert predicted_classes(np.array([[0.5, 0.5], [0.2, 0.8]])).tolist() == [0, 1]


def test_even_quotas_by_hand() -> None:
    assert even_quotas(np.array([10, 2, 0, 10]), 9).tolist() == [4, 2, 0, 4]
    assert even_quotas(np.array([10, 2]), 100).tolist() == [10, 2]
    assert even_quotas(np.array([5, 5]), 4).tolist() == [2, 2]


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=8), wanted=st.integers(1, 80))
@settings(max_examples=25, deadline=None)
def test_even_quotas_are_the_smallest_that_suffice(counts: list[int], wanted: int) -> None:
    quotas = even_quotas(np.array(counts), wanted)
    level = int(quotas.max())
    assert quotas.tolist() == [min(c, level) for c in counts]
    assert quotas.sum() >= min(wanted, sum(counts))
    assert level == 0 or sum(min(c, level - 1) for c in counts) < wanted


def test_the_best_of_each_class() -> None:
    classes = np.array([0, 0, 0, 1, 1])
    values = np.array([0.1, 0.3, 0.2, 0.0, 0.5])
    assert within_quotas(classes, np.array([2, 1]), values, id_hashes(5)).tolist() == [1, 2, 4]
    assert within_quotas(classes, np.array([0, 9]), values, id_hashes(5)).tolist() == [3, 4]


def test_ties_go_by_key() -> None:
    keys = np.array([5, 1, 3], dtype=np.uint64)
    assert within_quotas(np.zeros(3, dtype=np.int64), np.array([2]), np.zeros(3), keys).tolist() == [1, 2]
