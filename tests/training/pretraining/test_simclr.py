from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.strided_cnn import StridedCNN
from querist.training.pretraining.loop import pretrain
from querist.training.pretraining.simclr import SimCLR, nt_xent
from tiny import digits


def slow(first: torch.Tensor, second: torch.Tensor, temperature: float) -> float:
    """Pair after pair, as equation 1 has it."""
    z = [v / v.norm() for v in torch.cat([first, second])]
    n, total = len(first), 0.0
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        below = sum(math.exp(float(z[i] @ z[k]) / temperature) for k in range(2 * n) if k != i)
        total -= math.log(math.exp(float(z[i] @ z[j]) / temperature) / below)
    return total / (2 * n)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_contrast_is_that_of_the_paper(n: int, temperature: float) -> None:
    draw = torch.Generator().manual_seed(n)
    first, second = (torch.randn(n, 5, generator=draw) for _ in range(2))
    assert float(nt_xent(first, second, temperature)) == pytest.approx(slow(first, second, temperature), abs=1e-4)


def test_the_contrast_by_hand() -> None:
    e = torch.eye(2)
    assert float(nt_xent(e, e, 1.0)) == pytest.approx(math.log(math.e + 2) - 1, abs=1e-6)
    assert float(nt_xent(e, 7 * e, 1.0)) == pytest.approx(float(nt_xent(e, e, 1.0)), abs=1e-6)
    assert float(nt_xent(e, e.flip(0), 1.0)) == pytest.approx(math.log(math.e + 2), abs=1e-6)


@pytest.mark.parametrize("change", [{"temperature": 0.0}, {"temperature": math.inf}, {"projection": 0}])
def test_what_is_out_of_range_is_refused(change: Any) -> None:
    with pytest.raises(ArgumentError):
        SimCLR(**change)


def test_views_of_an_image_come_nearer_and_images_that_look_alike_with_them() -> None:
    of, _, y = digits()
    rows = np.arange(600)
    encoder = pretrain(of, lambda: StridedCNN(1, 10, 8, (8, 16), 32), SimCLR(), rows=rows, epochs=4, batch=100, lr=3e-3)
    assert encoder.losses[-1] < encoder.losses[0] - 0.1
    h = encoder(of.take(np.arange(600, 1000))).numpy()
    h = h / np.linalg.norm(h, axis=1, keepdims=True)
    near = h @ h.T - 2 * np.eye(len(h))
    assert (y[600:1000][near.argmax(axis=1)] == y[600:1000]).mean() > 0.7
