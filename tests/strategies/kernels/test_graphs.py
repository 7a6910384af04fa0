"""Graph kernels against dense matrices written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, coo_matrix, csc_array, csr_array, csr_matrix, lil_array

from querist.strategies.kernels.graphs import degrees, normalised, page_rank, propagate, reach, undirected

PATH = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))
STAR = csr_array(np.array([[0, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))


def dense(seed: int, size: int, share: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.integers(1, 4, (size, size)) * (rng.random((size, size)) < share)
    return np.asarray(a, dtype=np.float32)


def test_undirected_takes_the_larger_direction_and_drops_loops() -> None:
    a = undirected(coo_array(np.array([[5.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])))
    assert a.toarray().tolist() == [[0, 2, 0], [2, 0, 3], [0, 3, 0]]
    assert a.dtype == np.float64


def test_undirected_takes_rows_in_order() -> None:
    a = undirected(PATH, np.array([1, 0]))
    assert a.toarray().tolist() == [[0, 1], [1, 0]]


def test_degrees_by_hand() -> None:
    assert degrees(undirected(STAR)).tolist() == [3, 1, 1, 1]


def test_page_rank_by_hand() -> None:
    # A path of three: r1 = .05 + .85 (r0 + r2), r0 = r2 = .05 + .85 r1 / 2, so r1 = .135 / .2775.
    middle = 0.135 / 0.2775
    assert page_rank(undirected(PATH)) == pytest.approx([(1 - middle) / 2, middle, (1 - middle) / 2], abs=1e-10)
    assert page_rank(undirected(PATH), damping=0.0) == pytest.approx([1 / 3] * 3)
    assert page_rank(undirected(csr_array((4, 4)))) == pytest.approx([0.25] * 4)


@given(st.integers(0, 10**6), st.integers(1, 25), st.sampled_from([0.0, 0.05, 0.3, 1.0]))
@settings(max_examples=25, deadline=None)
def test_page_rank_solves_its_equation(seed: int, size: int, share: float) -> None:
    a = dense(seed, size, share).astype(float)
    np.fill_diagonal(a, 0)
    a = np.maximum(a, a.T)
    step = np.where(a.sum(0) > 0, a / np.maximum(a.sum(0), 1), 1 / size)
    want = np.linalg.solve(np.eye(size) - 0.85 * step, np.full(size, 0.15 / size))
    got = page_rank(undirected(csr_array(dense(seed, size, share))))
    assert got == pytest.approx(want, abs=1e-9)
    assert got.sum() == pytest.approx(1.0)


def test_nodes_that_are_alike_tie() -> None:
    ring = np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1)
    assert len(set(page_rank(undirected(csr_array(ring))).tolist())) == 1


@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_propagation_and_reach_against_dense_powers(seed: int, size: int, hops: int) -> None:
    a = dense(seed, size, 0.15).astype(float)
    np.fill_diagonal(a, 0)
    a = np.maximum(a, a.T)
    x = np.random.default_rng(seed).normal(size=(size, 3)).astype(np.float32)
    scale = 1 / np.sqrt(a.sum(1) + 1)
    s = np.linalg.matrix_power(scale[:, None] * (a + np.eye(size)) * scale, hops)
    edges = undirected(csr_array(a))
    before = edges.copy()
    assert propagate(edges, x, hops) == pytest.approx(s @ x)
    assert (reach(edges, hops).toarray() == (s > 0)).all()
    assert (edges != before).nnz == 0


def test_normalised_by_hand() -> None:
    got: Any = normalised(undirected(PATH)).toarray()
    assert got == pytest.approx(np.array([[1 / 2, 6**-0.5, 0], [6**-0.5, 1 / 3, 6**-0.5], [0, 6**-0.5, 1 / 2]]))


def test_reach_does_not_run_over_with_many_paths() -> None:
    size = 300  # 256 two-step paths between the ends: a count in eight bits would be 0
    a = np.zeros((size, size))
    a[0, 1:257] = a[1:257, 299] = 1
    assert bool(reach(undirected(csr_array(a)), 2)[0, 299])


@pytest.mark.parametrize("kind", [coo_array, coo_matrix, csc_array, csr_array, csr_matrix, lil_array])
@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32, np.float64])
def test_every_kind_of_sparse_matrix_is_taken(kind: Any, dtype: Any) -> None:
    graph = kind(np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]], dtype=dtype))
    assert undirected(graph, np.array([1, 2, 0])).toarray().tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    assert degrees(undirected(graph)).tolist() == [1, 2, 1]
    assert reach(undirected(graph), 2).toarray().all()
