"""Nearest rows beside sorting all distances."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels import nearest_graph as module
from querist.strategies.kernels.nearest_graph import nearest_graph


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_beside_sorting(metric: str, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    x: np.ndarray = np.random.default_rng(0).normal(size=(50, 3)).astype(dtype)
    near, values = nearest_graph(x, 6, np.arange(50, dtype=np.uint64), metric)
    wide = x.astype(float)
    d = np.sqrt(((wide[:, None] - wide[None]) ** 2).sum(-1))
    if metric == "cosine":
        units = wide / np.linalg.norm(wide, axis=1, keepdims=True)
        d = -(units @ units.T)
    np.fill_diagonal(d, np.inf)
    for row in range(50):
        assert set(near[row].tolist()) == set(np.argsort(d[row])[:6].tolist())
        wanted = d[row, near[row]] if metric == "euclidean" else -d[row, near[row]]
        assert values[row] == pytest.approx(wanted, abs=1e-5)


def test_ties_go_to_the_lowest_key() -> None:
    x = np.array([[0.0], [1.0], [1.0], [1.0], [-1.0]])
    keys = np.array([0, 9, 3, 5, 1], dtype=np.uint64)
    near, _ = nearest_graph(x, 2, keys)
    assert set(near[0].tolist()) == {4, 2}
    assert set(near[1].tolist()) == {2, 3}
    order = np.array([3, 0, 4, 2, 1])
    again, _ = nearest_graph(x[order], 2, keys[order])
    for place, row in enumerate(order):
        assert set(order[again[place]].tolist()) == set(near[row].tolist())


def test_few_rows() -> None:
    near, values = nearest_graph(np.zeros((1, 2)), 3, np.zeros(1, dtype=np.uint64))
    assert near.shape == values.shape == (1, 0)
    assert nearest_graph(np.zeros((3, 2)), 9, np.arange(3, dtype=np.uint64))[0].shape == (3, 2)
