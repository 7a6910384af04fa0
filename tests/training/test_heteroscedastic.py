from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from querist.training.heteroscedastic import OUTPUTS, losses, read


def test_the_plain_loss_is_the_gaussian_likelihood() -> None:
    outputs = torch.tensor([[1.0, 0.0], [0.0, math.log(4.0)], [2.0, -1.0]])
    targets = torch.tensor([2.0, 3.0, 2.0])
    own = losses(outputs, targets, beta=0.0)
    peer = -torch.distributions.Normal(outputs[:, 0], (outputs[:, 1] / 2).exp()).log_prob(targets)  # type: ignore[no-untyped-call]
    assert torch.allclose(own + 0.5 * math.log(2 * math.pi), peer)
    assert own.tolist() == pytest.approx([0.5, 0.5 * (9 / 4 + math.log(4)), -0.5])


def test_beta_weighs_by_the_variance_without_a_gradient_of_its_own() -> None:
    outputs = torch.tensor([[0.0, math.log(4.0)]], requires_grad=True)
    loss = losses(outputs, torch.tensor([2.0]), beta=1.0)
    assert float(loss.detach()) == pytest.approx(4 * 0.5 * (1 + math.log(4)))
    (gradient,) = torch.autograd.grad(loss.sum(), outputs)
    assert gradient[0, 0] == pytest.approx(-2.0)  # that of half the squared error
    assert gradient[0, 1] == pytest.approx(0.0)  # 4 * 0.5 * (1 - 4 / 4)


def test_what_is_read_is_in_the_units_of_the_answers() -> None:
    told = read(torch.tensor([[0.5, 0.0], [-1.0, 100.0]]), shift=10.0, scale=2.0)
    assert told["prediction"].tolist() == [11.0, 8.0]
    assert told["noise"] == pytest.approx(np.array([4.0, 4.0 * math.exp(10)]))


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_it_learns_where_the_noise_is(beta: float) -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(600, 1, generator=draw) * 2 - 1
    y = x[:, 0] + torch.where(x[:, 0] > 0, 1.0, 0.1) * torch.randn(600, generator=draw)
    net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, OUTPUTS))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(0.5 * torch.randn(p.shape, generator=draw))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    for _ in range(400):
        optimizer.zero_grad()
        losses(net(x), y, beta).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    told = read(net(torch.tensor([[-0.6], [0.6]])))
    assert 0.05 < math.sqrt(told["noise"][0]) < 0.2
    assert 0.8 < math.sqrt(told["noise"][1]) < 1.2
