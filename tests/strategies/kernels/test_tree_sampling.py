"""Sums up the tree, and cuts against bounds worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels.tree_sampling import pruning, summed

PAIRS = np.array([[0, 1], [2, 3], [1, 3]])
"""Leaves 0 and 1 merge into node 4, 2 and 3 into 5, both into 6."""


def test_sums() -> None:
    children, out = summed(PAIRS, np.array([1.0, 2.0, 3.0, 4.0]))
    assert children.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert out.tolist() == [1, 2, 3, 4, 3, 7, 10]


def cut(sizes: list[float], counts: list[list[float]]) -> tuple[list[int], list[float]]:
    table = np.concatenate([np.array(sizes)[:, None], np.array(counts)], axis=1)
    children, totals = summed(PAIRS, table)
    nodes, errors = pruning(children, totals[:, 0], totals[:, 1:])
    return nodes.tolist(), errors.tolist()


def test_without_labels_the_root_alone() -> None:
    assert cut([10, 10, 10, 10], [[0, 0]] * 4) == ([6], [40.0])


def test_two_pure_halves_are_split() -> None:
    nodes, errors = cut([50, 50, 50, 50], [[5, 0], [6, 0], [0, 4], [0, 4]])
    assert nodes == [4, 5]
    # node 4: w 100, t 11, f 1, r .89, d = .89 / 11: lower bound 100 (1 - d)
    assert errors == pytest.approx([100 * 0.89 / 11, 100 * 0.92 / 8])


def test_a_pure_root_stays() -> None:
    nodes, errors = cut([50, 50, 50, 50], [[5, 0], [5, 0], [5, 0], [5, 0]])
    assert nodes == [6]
    assert errors == pytest.approx([200 * 0.9 / 20])


def test_no_class_may_stand_for_an_even_mixture() -> None:
    nodes, errors = cut([50, 50, 50, 50], [[1, 1], [1, 1], [1, 1], [1, 1]])
    assert nodes == [6]
    assert errors == [200.0]


def test_all_labelled_leaves_no_doubt() -> None:
    nodes, errors = cut([1, 1, 1, 1], [[1, 0], [1, 0], [1, 0], [0, 1]])
    assert sum(errors) == pytest.approx(0)
    assert 3 in nodes
