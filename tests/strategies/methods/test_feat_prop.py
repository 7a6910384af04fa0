"""`feat_prop` on graphs whose propagated features are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.signals import EMBEDDING, GRAPH
from wholes import within


def two_triangles() -> tuple[csr_array, np.ndarray]:
    """Two triangles; one node of each carries the feature that the propagation spreads over all three."""
    a = np.kron(np.eye(2), np.ones((3, 3)))
    x = np.array([[3.0], [0.0], [0.0], [-3.0], [0.0], [0.0]])
    return csr_array(a), x


def test_a_node_of_each_triangle() -> None:
    graph, x = two_triangles()
    for seed in range(5):
        chosen = querist.select("feat_prop", 2, graph=graph, embedding=x, seed=seed)
        assert sorted(chosen.indices // 3) == [0, 1]
        assert chosen.scores == pytest.approx([0.0, 0.0], abs=1e-9), "propagated features within a triangle are equal"
        assert "centre of cluster 1 of 2" in chosen.reasons[0]


def test_without_edges_it_is_k_means() -> None:
    x = np.array([[0.0], [0.1], [5.0], [5.1], [9.0], [9.3], [9.6]])
    chosen = querist.select("feat_prop", 3, graph=csr_array((7, 7)), embedding=x)
    assert sorted(np.digitize(x[chosen.indices, 0], [3, 7])) == [0, 1, 2]
    assert 5 in chosen.indices, "the middle of the three"


def test_labelled_nodes_may_stay_in_the_graph() -> None:
    graph, x = two_triangles()
    from querist.strategies.kernels.graphs import propagate, undirected

    smooth = propagate(undirected(graph), x, 2)  # over all nodes; 0 and 3 are labelled
    chosen = querist.select("feat_prop(propagated=True)", 2, embedding=smooth[[1, 2, 4, 5]])
    assert sorted(chosen.indices // 2) == [0, 1]


def test_features_come_from_nodes_beside_the_pool() -> None:
    graph, x = two_triangles()  # the nodes that carry the features are labelled and held out
    ctx = within({EMBEDDING: x, GRAPH: graph}, [5, 1, 2, 4], labelled=[0])
    chosen = querist.FeatProp().select(ctx, 2)
    assert sorted(np.array([5, 1, 2, 4])[chosen.indices] // 3) == [0, 1]
    assert chosen.scores == pytest.approx([0.0, 0.0], abs=1e-9)
    assert querist.FeatProp().needs.whole == {EMBEDDING, GRAPH}
    assert querist.FeatProp(propagated=True).needs.whole == frozenset(), "the pool is clustered: nothing else is read"
