from __future__ import annotations

import numpy as np
import pytest

from querist.models.calibration.scores import calibration_error, nll
from querist.models.calibration.temperature import best_temperature, scaled


def told(count: int = 4000, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, too sure by ``temperature``, and labels drawn from the true ones."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(count, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return scaled(p, 1 / temperature), y


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_is_found_and_undone(temperature: float) -> None:
    p, y = told(temperature=temperature)
    found = best_temperature(p, y)
    assert found == pytest.approx(temperature, rel=0.08)
    assert calibration_error(scaled(p, found), y) < 0.025
    grid = [nll(scaled(p, t), y) for t in np.geomspace(0.05, 20, 200)]
    assert nll(scaled(p, found), y) <= min(grid) + 1e-9


def test_shares_and_weights() -> None:
    p, y = told(200)
    assert best_temperature(p, np.eye(4)[y]) == pytest.approx(best_temperature(p, y))
    counts = np.r_[np.full(100, 2.0), np.ones(100)]
    copies = best_temperature(np.concatenate([p, p[:100]]), np.concatenate([y, y[:100]]))
    assert best_temperature(p, y, counts) == pytest.approx(copies)


def test_nothing_to_go_by_and_bounds() -> None:
    p, y = told(50)
    assert best_temperature(p[:0], y[:0]) == 1.0
    assert best_temperature(np.array([[0.9, 0.1]]), np.array([0])) == 0.05
    assert best_temperature(np.array([[0.9, 0.1]]), np.array([1])) == 20.0


def test_scaling_by_hand_keeps_shape_type_and_order() -> None:
    p = np.array([[[0.8, 0.2], [0.0, 1.0]]], dtype=np.float32)
    out = scaled(p, 0.5)
    assert out.dtype == np.float32
    assert out[0, 0] == pytest.approx([0.64 / 0.68, 0.04 / 0.68])
    assert out[0, 1].tolist() == [0.0, 1.0]
    assert scaled(p, 1.0) is p
