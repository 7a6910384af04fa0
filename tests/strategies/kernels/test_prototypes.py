"""The loss and its gradient against torch's, Adam against torch's, unit rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from querist.core.types import Array
from querist.strategies.kernels.prototypes import gradient_of_spread, spread, units


def loss(x: torch.Tensor, raw: torch.Tensor, temperature: float, balance: float) -> torch.Tensor:
    """As the paper says it."""
    c = raw / raw.norm(dim=1, keepdim=True)
    similar = torch.exp(x @ c.T / temperature)
    most, which = similar.max(dim=1)
    apart = torch.exp(c.detach() @ c.T / temperature).sum(dim=0)
    return -torch.log(most / (most + balance * apart[which])).mean()


@pytest.mark.parametrize(("temperature", "balance"), [(0.07, 1.0), (0.5, 0.3)])
def test_gradient(temperature: float, balance: float) -> None:
    rng = np.random.default_rng(0)
    x, raw = units(rng.normal(size=(80, 5))), rng.normal(size=(6, 5)) * 3
    at = torch.tensor(raw, requires_grad=True)
    expected = loss(torch.tensor(x), at, temperature, balance)
    (gradient,) = torch.autograd.grad(expected, at)
    value, found = gradient_of_spread(x, raw, temperature, balance)
    assert value == pytest.approx(float(expected.detach()))
    assert found == pytest.approx(gradient.numpy(), abs=1e-10)


def test_steps_are_those_of_adam() -> None:
    rng = np.random.default_rng(1)
    x: Array = units(rng.normal(size=(60, 4)))
    at = torch.tensor(x[:5], requires_grad=True)
    adam = torch.optim.Adam([at], lr=0.01)
    for _ in range(30):
        adam.zero_grad()
        (at.grad,) = torch.autograd.grad(loss(torch.tensor(x), at, 0.2, 1.0), at)
        adam.step()
    expected = (at / at.norm(dim=1, keepdim=True)).detach().numpy()
    assert spread(x, x[:5], 0.2, 1.0, 0.01, 30) == pytest.approx(expected, abs=1e-7)


def test_tiny_temperature_and_zero_rows_stay_finite() -> None:
    x = np.zeros((4, 3), dtype=np.float32)
    assert units(x).tolist() == x.tolist()
    assert np.isfinite(spread(x, x[:2], 0.07, 1.0, 0.001, 3)).all()
    x[:2, 0], x[2:, 1] = 1e30, -1e-30
    unit = units(x)
    assert unit.tolist() == [[1, 0, 0], [1, 0, 0], [0, -1, 0], [0, -1, 0]]
    value, gradient = gradient_of_spread(unit, unit[:2], 1e-4, 1.0)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
