from __future__ import annotations

import numpy as np
import pytest
import torch

from querist.training.evidential import annealing, concentration, losses, read


def outputs_of(alpha: list[list[float]]) -> torch.Tensor:
    """Outputs whose softplus plus 1 is ``alpha``."""
    return torch.log(torch.expm1(torch.tensor(alpha, dtype=torch.float64) - 1))


def test_the_risk_by_hand() -> None:
    # alpha 3, 1.5, 1.5: p = 1/2, 1/4, 1/4; squares 1/4 + 1/16 + 1/16; variances (1/4 + 3/16 + 3/16) / 7
    out = outputs_of([[3.0, 1.5, 1.5]])
    assert float(losses(out, torch.tensor([0]), anneal=0.0)) == pytest.approx(3 / 8 + (10 / 16) / 7)


def test_the_risk_is_the_expected_squared_error_and_the_rest_a_divergence() -> None:
    out, target = outputs_of([[2.0, 4.0, 1.2]]), torch.tensor([1])
    torch.manual_seed(0)
    drawn = torch.distributions.Dirichlet(concentration(out)[0]).sample((200_000,))
    expected = (drawn - torch.tensor([0.0, 1.0, 0.0])).square().sum(dim=1).mean()
    assert float(losses(out, target, anneal=0.0)) == pytest.approx(float(expected), rel=1e-2)
    misled, none = torch.distributions.Dirichlet(torch.tensor([2.0, 1.0, 1.2]).double()), torch.ones(3).double()
    divergence = torch.distributions.kl_divergence(misled, torch.distributions.Dirichlet(none))
    gap = losses(out, target, anneal=0.5) - losses(out, target, anneal=0.0)
    assert float(gap) == pytest.approx(0.5 * float(divergence))


def test_shares_and_class_numbers_agree() -> None:
    out = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    y = torch.arange(6) % 4
    shares = torch.nn.functional.one_hot(y, 4).float()
    assert torch.allclose(losses(out, y), losses(out, shares))
    assert torch.isfinite(losses(out, torch.full((6, 4), 0.25))).all()


def test_what_is_read() -> None:
    told = read(outputs_of([[3.0, 1.5, 1.5], [30.0, 30.0, 30.0]]))
    assert told["probs"][0].tolist() == pytest.approx([0.5, 0.25, 0.25])
    assert told["vacuity"].tolist() == pytest.approx([0.5, 1 / 30])
    torch.manual_seed(0)
    p = torch.distributions.Dirichlet(torch.tensor([3.0, 1.5, 1.5]).double()).sample((200_000,)).numpy()
    mean_entropy = -np.mean((p * np.log(np.maximum(p, 1e-300))).sum(axis=1))
    mean = np.array([0.5, 0.25, 0.25])
    assert told["information"][0] == pytest.approx(-(mean * np.log(mean)).sum() - mean_entropy, abs=5e-3)
    assert told["information"][1] < told["information"][0]


def test_no_evidence_is_all_vacuity() -> None:
    assert read(torch.full((1, 5), -50.0))["vacuity"][0] == pytest.approx(1.0)
    assert [annealing(e) for e in (0, 5, 10, 99)] == [0.0, 0.5, 1.0, 1.0]


def test_it_learns_and_is_vacant_off_the_labels() -> None:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(120) % 3
    x = 2 * torch.eye(3)[y] + 0.3 * torch.randn(120, 3, generator=draw)
    net = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.Tanh(), torch.nn.Linear(32, 3))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(0.4 * torch.randn(p.shape, generator=draw))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for epoch in range(200):
        optimizer.zero_grad()
        losses(net(x), y, annealing(epoch)).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    told = read(net(x))
    assert (told["probs"].argmax(axis=1) == y.numpy()).mean() > 0.97
    between = read(net(torch.full((1, 3), 2 / 3)))
    assert between["vacuity"][0] > 1.5 * told["vacuity"].mean()
