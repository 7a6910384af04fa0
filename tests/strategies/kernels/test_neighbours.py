"""Mean distance to the nearest rows against sorted distances."""

from __future__ import annotations

import numpy as np
import pytest

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
