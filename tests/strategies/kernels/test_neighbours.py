"""Mean distance to the nearest rows against sorted distances."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels import geometry as geometry_module
from querist.strategies.kernels import neighbours as module
from querist.strategies.kernels.neighbours import mean_distance_to_nearest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k"), [(2, 5), (30, 4), (1_100, 20)])
def test_against_sorting(dtype: type, n: int, k: int) -> None:
    x: np.ndarray = np.random.default_rng(n).normal(size=(n, 5)).astype(dtype)
    d = np.sqrt(((x[:, None].astype(float) - x[None]) ** 2).sum(-1))
    np.fill_diagonal(d, np.inf)
    truth = np.sort(d, axis=1)[:, : min(k, n - 1)].mean(1)
    assert np.allclose(mean_distance_to_nearest(x, k), truth, rtol=1e-4 if dtype is np.float32 else 1e-9)


def test_duplicates_and_one_row() -> None:
    assert mean_distance_to_nearest(np.ones((4, 2)), 2).tolist() == [0, 0, 0, 0]
    assert mean_distance_to_nearest(np.ones((1, 2)), 2).tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [64, 300, 4_096])
def test_columns_are_merged_piece_by_piece(monkeypatch: pytest.MonkeyPatch, dtype: type, columns: int) -> None:
    monkeypatch.setattr(module, "_COLUMNS", columns)
    monkeypatch.setattr(geometry_module, "_SMALL", 0)
    rng = np.random.default_rng(1)
    x: np.ndarray = np.concatenate([rng.normal(size=(500, 4)), np.repeat(rng.normal(size=(2, 4)), 60, axis=0) + 9])
    x = x[rng.permutation(len(x))].astype(dtype)
    d = np.sqrt(((x[:, None].astype(float) - x[None]) ** 2).sum(-1))
    np.fill_diagonal(d, np.inf)
    for k in (1, 20, 619):
        truth = np.sort(d, axis=1)[:, :k].mean(axis=1)
        got = mean_distance_to_nearest(x, k)
        assert np.allclose(got, truth, rtol=1e-4, atol=1e-2 if dtype is np.float32 else 1e-7)
