"""Graphs in .npz files: dense and sparse features, edges either way round, an adjacency, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import real_data
from querist.core.errors import DataError
from querist.data.graph import GraphSource
from querist.data.graph_file import graph_from, holds_a_graph
from querist.data.read import read

X = np.arange(8.0).reshape(4, 2)
EDGES = np.array([[0, 1, 2], [1, 2, 3]])
PATH = csr_array(([1.0] * 3, tuple(EDGES)), shape=(4, 4))


def parts(matrix: Any, name: str, values: str = "data") -> dict[str, Any]:
    return {
        f"{name}_{values}": matrix.data,
        f"{name}_indices": matrix.indices,
        f"{name}_indptr": matrix.indptr,
        f"{name}_shape": np.asarray(matrix.shape),
    }


@pytest.mark.parametrize(
    "found",
    [
        {"X": X, "edges": EDGES, "y": np.array(list("abab")), "ids": np.array(list("wxyz"))},
        {"X": X, "edges": EDGES.T, "labels": np.array(list("abab"))},
        {"attr_matrix": X, **parts(PATH, "adj"), "labels": np.array(list("abab"))},
        {**parts(csr_array(X), "attr"), **parts(PATH, "adj"), "labels": np.array(list("abab"))},
        {**parts(csr_array(X), "feature", "values"), "edges": EDGES.T, "y": np.array(list("abab"))},
        {**parts(csr_array(X), "X"), "edges": EDGES, "y": np.array(list("abab"))},
    ],
)
def test_the_same_graph_in_many_files(found: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **found)
    source = read(tmp_path / "g.npz")
    assert isinstance(source, GraphSource)
    assert (source.name, source.modality) == ("g.npz", "graph")
    assert source.graph.toarray().tolist() == (PATH + PATH.T).toarray().tolist()
    features = source.take(slice(None))
    assert np.asarray(features.todense() if hasattr(features, "todense") else features).tolist() == X.tolist()
    assert source.truth is not None
    assert list(source.truth) == list("abab")
    assert list(source.ids) == list("wxyz") or "ids" not in found


def test_faults(tmp_path: Path) -> None:
    assert not holds_a_graph({"X": X, "y": EDGES})
    sparse = parts(csr_array(X), "X")
    broken = {k: v for k, v in sparse.items() if k != "X_indices"}
    for found, code in (
        ({"edges": EDGES}, "BadFeatures"),
        ({**broken, "edges": EDGES}, "BadFeatures"),
        ({"X": X, "edges": EDGES + 9}, "BadEdges"),
        ({"X": X, "edges": EDGES * 0.5}, "BadEdges"),
        ({"X": X[:3], "edges": EDGES}, "BadEdges"),
    ):
        with pytest.raises(DataError) as error:
            graph_from(found, "g.npz")
        assert error.value.code == code
    np.savez(tmp_path / "g.npz", X=X, edges=EDGES)
    with pytest.raises(DataError, match="drop dedupe"):
        read(tmp_path / "g.npz", dedupe=True)


def test_cora() -> None:
    source = read(real_data.file("graphs/cora.npz"))
    assert isinstance(source, GraphSource)
    assert (len(source), source.graph.nnz, source.take(slice(0, 2)).shape) == (2708, 2 * 5278, (2, 1433))
    assert source.truth is not None
    assert set(source.truth) == set("0123456")
