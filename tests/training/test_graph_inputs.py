from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from querist.core.errors import ArgumentTypeError, DataError
from querist.data.arrays import array_source, text_source
from querist.data.graph import graph_source
from querist.models.appnp import APPNP
from querist.models.sgc import SGC
from querist.training.graph_inputs import GraphInputs, takes
from rings import dense_s, edges_tensor, ring

CPU = torch.device("cpu")


class Plain(torch.nn.Module):
    """Says nothing of what it takes."""


def test_a_network_is_handed_what_it_takes() -> None:
    x = np.arange(24.0).reshape(6, 4)
    inputs = GraphInputs(graph_source(x, ring()))
    rows, edges = inputs.tensors(Plain(), CPU)
    assert rows.dtype == torch.float32
    assert torch.equal(rows, torch.as_tensor(x, dtype=torch.float32))
    assert torch.equal(edges, edges_tensor(ring()))
    rows, adjacency = inputs.tensors(SGC(4, 2), CPU)
    assert rows.layout == torch.strided
    assert torch.allclose(adjacency.to_dense(), dense_s(ring()), atol=1e-6)
    assert inputs.tensors(SGC(4, 2), CPU)[1] is adjacency
    odd = Plain()
    odd.takes = "trees"  # type: ignore[assignment]
    with pytest.raises(DataError, match="'adjacency' or 'edges', got 'trees'"):
        takes(odd)


def test_thin_features_stay_sparse_for_networks_that_take_them() -> None:
    x = np.zeros((6, 40), dtype=np.float32)
    x[np.arange(6), np.arange(6) * 3] = 2
    for given in (x, csr_array(x)):
        inputs = GraphInputs(graph_source(given, ring()))
        thin, full = inputs.tensors(APPNP(40, 2), CPU)[0], inputs.tensors(Plain(), CPU)[0]
        assert thin.layout == torch.sparse_csr
        assert torch.equal(thin.to_dense(), torch.as_tensor(x))
        assert torch.equal(full, torch.as_tensor(x))
    full_matrix = GraphInputs(graph_source(csr_array(np.ones((6, 3))), ring()))
    assert isinstance(full_matrix.features, np.ndarray)


def test_what_is_prepared_is_prepared_once() -> None:
    inputs = GraphInputs(graph_source(np.eye(6), ring()))
    net = SGC(6, 2)
    found = inputs.prepared(net, CPU)
    assert torch.allclose(found, torch.as_tensor(inputs.propagated(2)), atol=1e-6)
    assert inputs.prepared(net, CPU) is found
    assert inputs.prepared(Plain(), CPU) is None


def test_a_graph_may_be_given_beside_the_source() -> None:
    source = array_source(np.eye(4))
    assert GraphInputs(source, np.array([[0, 1], [1, 2]])).graph.sum() == 4
    assert GraphInputs(source, 2 * csr_array(np.eye(4, k=1))).weighted
    assert not GraphInputs(graph_source(np.eye(4), np.array([[0], [1]]))).weighted
    with pytest.raises(ArgumentTypeError, match=r"has no graph: make it with querist\.graph_source"):
        GraphInputs(source)
    with pytest.raises(DataError, match=r"for 4 nodes"):
        GraphInputs(source, csr_array((5, 5)))


def test_texts_are_refused() -> None:
    inputs = GraphInputs(text_source(["a", "b"]), np.array([[0], [1]]))
    with pytest.raises(ArgumentTypeError, match="give each node a row of features"):
        _ = inputs.features


def test_one_node_has_a_stand_in_of_two() -> None:
    inputs = GraphInputs(graph_source(np.ones((1, 3)), np.zeros((2, 0), dtype=int)))
    x, edges = inputs.stand_in(Plain())
    assert x.shape == (2, 3)
    assert edges.tolist() == [[0, 1], [1, 0]]
