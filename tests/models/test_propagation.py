from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array, random_array

from querist.core.errors import ArgumentError, DataError
from querist.data.arrays import array_source, sparse_source
from querist.data.graph import adjacency
from querist.models.propagation import normalised, propagated

PAIR = adjacency(np.array([[0], [1]]), 3)


def random_graph(nodes: int = 40) -> tuple[Any, NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return adjacency(rng.integers(nodes, size=(2, 90)), nodes), rng.normal(size=(nodes, 7)).astype(np.float32)


def slow(graph: Any, x: NDArray[Any], hops: int) -> NDArray[np.float64]:
    """By the definition, with full matrices."""
    loops = graph.toarray() + np.eye(len(x))
    root = np.diag(loops.sum(axis=1) ** -0.5)
    return np.asarray(np.linalg.matrix_power(root @ loops @ root, hops) @ x)


def test_two_nodes_and_a_lonely_one() -> None:
    assert normalised(PAIR).toarray().tolist() == pytest.approx(np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]))
    assert propagated(np.array([[4.0], [0.0], [7.0]]), PAIR, 1).ravel().tolist() == [2, 2, 7]


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
@pytest.mark.parametrize("block", [None, 1, 9])
def test_blocks_give_the_product(hops: int, block: int | None) -> None:
    graph, x = random_graph()
    found = propagated(x, graph, hops, block=block)
    assert found.dtype == np.float32
    assert np.allclose(found, slow(graph, x, hops), atol=1e-5)


def test_sources_and_sparse_features_give_the_same() -> None:
    graph, x = random_graph()
    x[np.abs(x) < 0.5] = 0
    expected = propagated(x, graph, 2)
    for given in (csr_array(x), array_source(x), sparse_source(csr_array(x)), x.astype(np.float64)):
        assert np.allclose(propagated(given, graph, 2, block=11), expected, atol=1e-6)


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_on_disk_it_is_the_same_and_nothing_else_is_left(hops: int, tmp_path: Path) -> None:
    graph, x = random_graph()
    found = propagated(x, graph, hops, into=tmp_path / "new" / "x.npy", block=13)
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, propagated(x, graph, hops, block=13))
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["x.npy"]


def test_input_is_untouched() -> None:
    graph, x = random_graph()
    before = x.copy()
    result = propagated(x, graph, 0)
    result[:] = 0
    assert np.array_equal(x, before)


def test_what_does_not_fit_is_refused() -> None:
    graph, x = random_graph()
    with pytest.raises(DataError, match="39 nodes and a graph of 40"):
        propagated(x[:39], graph)
    with pytest.raises(DataError, match=r"\(N, D\)"):
        propagated(x[:, 0], graph)
    for bad in (-1, 1.5, True):
        with pytest.raises(ArgumentError, match="hops must be a whole number"):
            propagated(x, graph, bad)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="block must be"):
        propagated(x, graph, block=0)


def test_a_larger_graph_agrees_with_the_plain_product() -> None:
    nodes = 3000
    links = random_array((nodes, nodes), density=0.001, rng=np.random.default_rng(1))
    graph = adjacency(links, nodes)
    x = np.random.default_rng(2).normal(size=(nodes, 5))
    step = normalised(graph)
    assert np.allclose(propagated(x, graph, 2, block=700), step @ (step @ x), atol=1e-5)
