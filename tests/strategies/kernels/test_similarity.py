"""Kernels beside their definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import similarity as module
from querist.strategies.kernels.similarity import Similarity, cosine, gaussian, top_hat


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(float), b.astype(float)
    return np.asarray(np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)))


def whole(sim: Similarity) -> np.ndarray:
    return sim.tile(slice(0, sim.size), sim.columns(slice(0, sim.size)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_definitions(dtype: type) -> None:
    x: np.ndarray = np.random.default_rng(0).normal(size=(40, 3)).astype(dtype) + 5
    d = distances(x, x)
    assert whole(gaussian(x, 0.7)) == pytest.approx(np.exp(-0.7 * d**2), abs=1e-5)
    assert (whole(top_hat(x, 1.3)) == (d < 1.3)).all()
    units = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert whole(cosine(x)) == pytest.approx(units @ units.T, abs=1e-6)


def test_the_radius_itself_is_outside() -> None:
    x = np.arange(5.0)[:, None]
    assert whole(top_hat(x, 2.0)).sum(axis=1).tolist() == [2, 3, 3, 3, 2]
    assert whole(top_hat(x.astype(np.float32), 2.0)).sum(axis=1).tolist() == [2, 3, 3, 3, 2]
    assert whole(top_hat(x, 2.1)).sum(axis=1).tolist() == [3, 4, 5, 4, 3]


def test_a_zero_row_has_cosine_zero() -> None:
    assert whole(cosine(np.array([[0.0, 0.0], [3.0, 4.0]]))).tolist() == [[0.0, 0.0], [0.0, pytest.approx(1.0)]]


def test_far_from_the_origin_float32_gives_way() -> None:
    x = (np.array([[0.0], [1.0], [2.0], [4000.0]]) * 3).astype(np.float32)
    sim = gaussian(x, 1.0)
    assert sim.dtype == np.float64
    assert whole(sim)[:3, :3] == pytest.approx(np.exp(-(distances(x, x) ** 2))[:3, :3], abs=1e-6)
    assert top_hat(x, 3.5).dtype == np.float64
    assert whole(top_hat(x, 3.5)).tolist() == (distances(x, x) < 3.5).astype(float).tolist()


def test_where_no_product_could_tell_distances_are_taken_of_differences() -> None:
    x = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [0.0, 1e9]])
    d = distances(x, x)
    assert whole(gaussian(x, 0.5)) == pytest.approx(np.exp(-0.5 * d**2), abs=1e-6)
    assert whole(top_hat(x, 2.5)).tolist() == (d < 2.5).astype(float).tolist()
    assert gaussian(x, 0.5).nearest_to(x[1:2]) == pytest.approx(np.exp(-0.5 * d[:, 1] ** 2), abs=1e-6)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 1e-20, 1.0, 1e12]))
@settings(max_examples=25, deadline=None)
def test_extremes_stay_in_range(seed: int, scale: float) -> None:
    x = np.random.default_rng(seed).normal(size=(9, 2)) * scale
    for sim in (gaussian(x, 0.5), cosine(x), top_hat(x, 1.0)):
        values = whole(sim)
        assert np.isfinite(values).all()
        assert values.min() >= sim.base
        assert values.max() <= 1.0 + 1e-12
        assert np.diag(values)[np.linalg.norm(x, axis=1) > 0] == pytest.approx(1.0)


def test_every_pair_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SQUARE", 7)
    sim = gaussian(np.random.default_rng(0).normal(size=(20, 2)), 1.0)
    seen = np.zeros((20, 20), dtype=int)
    for rows, columns, right in sim.squares():
        assert sim.tile(rows, right) == pytest.approx(whole(sim)[rows, columns])
        seen[rows, columns] += 1
    assert ((seen + np.triu(seen, 7).T)[np.triu_indices(20)] == 1).all()
    assert (seen + seen.T >= 1).all()


def test_nearest_to_foreign_points() -> None:
    rng = np.random.default_rng(1)
    x, known = rng.normal(size=(30, 3)), rng.normal(size=(8, 3))
    d = distances(x, known)
    assert gaussian(x, 2.0).nearest_to(known) == pytest.approx(np.exp(-2.0 * d**2).max(axis=1))
    assert (top_hat(x, 1.0).nearest_to(known) == (d < 1.0).any(axis=1)).all()
    assert cosine(x).nearest_to(known[:0]).tolist() == [-1.0] * 30
    assert gaussian(x, 2.0).nearest_to(known[:0]).tolist() == [0.0] * 30
