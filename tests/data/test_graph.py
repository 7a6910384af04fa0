from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_array

from querist.core.errors import ArgumentTypeError, DataError
from querist.data.graph import adjacency, graph_source

PATH = np.array([[0, 1, 2], [1, 2, 3]])


def test_edges_of_one_direction_become_symmetric_and_loops_and_repeats_fall_away() -> None:
    given = np.array([[0, 1, 1, 2, 2], [1, 0, 2, 2, 1]])
    assert adjacency(given, 4).toarray().tolist() == [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_of_two_directions_and_of_repeats_the_heavier_counts() -> None:
    given = coo_array(([0.5, 2.0, 3.0, 1.0, 0.0], ([0, 1, 0, 2, 1], [1, 0, 1, 2, 2])), shape=(3, 3))
    found = adjacency(given, 3)
    assert found.toarray().tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    assert found.nnz == 2


def test_items_are_nodes_with_their_features() -> None:
    x = np.arange(8.0).reshape(4, 2)
    source = graph_source(x, PATH, ids="abcd", truth=[1, 0, 1, 0])
    assert list(source.ids) == ["a", "b", "c", "d"]
    assert source.truth == ["1", "0", "1", "0"]
    assert source.take(np.array([2, 0])).tolist() == [[4, 5], [0, 1]]
    assert source.graph.sum() == 6
    thin = graph_source(csr_array(x), PATH)
    assert thin.take(slice(1, 3)).toarray().tolist() == [[2, 3], [4, 5]]


def test_ids_by_content_follow_the_node_and_its_neighbours_not_its_place() -> None:
    x = np.array([[0.0], [0.0], [1.0], [2.0]])
    source = graph_source(x, PATH)
    assert len(set(source.ids)) == 4  # nodes 0 and 1 have the same features and other neighbours
    order = np.array([2, 0, 3, 1])
    place = np.argsort(order)
    moved = graph_source(x[order], place[PATH])
    assert list(moved.ids) == [source.ids[k] for k in order]
    assert graph_source(x, PATH[:, :2]).digest != source.digest


def test_nodes_that_are_alike_are_counted_and_nobody_is_warned() -> None:
    source = graph_source(np.ones((3, 1)), np.array([[0, 1], [2, 2]]))
    assert source.noticed.duplicates == 1
    assert len(set(source.ids)) == 3


def test_data_of_pytorch_geometric_is_unpacked() -> None:
    data = SimpleNamespace(
        x=torch.eye(4), edge_index=torch.as_tensor(PATH), y=torch.tensor([0, 1, 1, 0]), edge_weight=None
    )
    source = graph_source(data)
    assert source.truth == ["0", "1", "1", "0"]
    assert source.graph.toarray()[1].tolist() == [1, 0, 1, 0]
    data.edge_weight = torch.tensor([2.0, 3.0, 4.0])
    assert graph_source(data).graph.toarray()[1].tolist() == [2, 0, 3, 0]
    data.edge_weight = torch.tensor([2.0])
    with pytest.raises(DataError, match="1 weights for 3 edges"):
        graph_source(data)


def test_a_real_data_object_is_taken() -> None:
    pytest.importorskip("torch_geometric.data", reason="the extra graph is not installed", exc_type=ImportError)
    from torch_geometric.data import Data

    source = graph_source(Data(x=torch.eye(4), edge_index=torch.as_tensor(PATH), y=torch.tensor([2, 1, 1, 0])))
    assert source.truth == ["2", "1", "1", "0"]
    assert source.graph.sum() == 6


@pytest.mark.parametrize(
    ("edges", "kind", "text"),
    [
        (PATH.T, ArgumentTypeError, r"write edges\.T"),
        (PATH.astype(float), ArgumentTypeError, "float64"),
        (np.array([[0, 4], [1, 0]]), DataError, r"no nodes, e\.g\. 4"),
        (np.array([[0, -1], [1, 0]]), DataError, r"e\.g\. -1"),
        (csr_array((3, 3)), DataError, r"\(3, 3\) for 4 nodes"),
        (coo_array(([-1.0], ([0], [1])), shape=(4, 4)), DataError, "negative"),
        (None, ArgumentTypeError, "edges are missing"),
    ],
)
def test_bad_edges_are_refused(edges: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        graph_source(np.eye(4), edges)
    assert caught.value.code == "BadEdges"  # type: ignore[attr-defined]


def test_bad_features_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(N, D\), got \(4,\)"):
        graph_source(np.ones(4), PATH)
    with pytest.raises(DataError, match="NaN"):
        graph_source(np.full((4, 2), np.nan), PATH)
    with pytest.raises(DataError, match="3 ids for 4 items"):
        graph_source(np.eye(4), PATH, ids=[1, 2, 3])
