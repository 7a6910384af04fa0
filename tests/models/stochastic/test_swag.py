from __future__ import annotations

import math

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.seeds import derive
from querist.models.stochastic.posterior import Fitted
from querist.models.stochastic.swag import SWAG, SwagWatcher


def walked(plan: SWAG, weights: list[list[float]]) -> tuple[dict[str, torch.Tensor], torch.nn.Linear]:
    """A training whose weights after each epoch are given."""
    net = torch.nn.Linear(len(weights[0]), 1, bias=False)
    watcher = plan.watch()
    assert isinstance(watcher, SwagWatcher)
    for epoch, w in enumerate(weights):
        net.weight.data = torch.tensor([w], dtype=torch.float32)
        watcher.on_epoch(net, epoch, len(weights))
    x = torch.ones(1, len(weights[0]))
    return plan.finish(Fitted([net], watcher, x, x[:, 0], None, "", "number", 0)), net


def test_moments_by_hand() -> None:
    tensors, _ = walked(SWAG(rank=2, part=0.5), [[9, 9], [9, 9], [9, 9], [1, 0], [3, 0], [8, 3]])
    # the last three epochs: means after each 1, 2, 4 and 0, 0, 1
    assert torch.allclose(tensors["swag.mean.weight"], torch.tensor([[4.0, 1.0]]))
    assert torch.allclose(tensors["swag.variance.weight"], torch.tensor([[26 / 3, 2.0]]))  # 74/3 - 16, 3 - 1
    assert torch.allclose(tensors["swag.deviations.weight"][:, 0], torch.tensor([[1.0, 0.0], [4.0, 2.0]]))


def test_samples_have_the_mean_and_covariance_of_equation_1() -> None:
    draw = torch.Generator().manual_seed(0)
    path = (torch.randn(12, 3, generator=draw) @ torch.tensor([[1.0, 1, 0], [0, 1, 0], [0, 0, 2]])).tolist()
    plan = SWAG(samples=1, rank=4, part=1)
    tensors, net = walked(plan, path)
    drawn = []
    for s in range(4000):
        with plan.member(net, tensors, s, 5):
            drawn.append(net.weight.detach()[0].clone())
    samples = torch.stack(drawn)
    d = tensors["swag.deviations.weight"][:, 0]
    wanted = torch.diag(tensors["swag.variance.weight"][0]) / 2 + d.T @ d / (2 * 3)
    assert torch.allclose(samples.mean(dim=0), tensors["swag.mean.weight"][0], atol=0.1)
    assert torch.allclose(torch.cov(samples.T), wanted, atol=0.2)


def test_one_sample_by_hand() -> None:
    plan = SWAG(samples=1, rank=2, part=1)
    tensors, net = walked(plan, [[0.0], [2.0]])  # mean 1, variance 1, deviations 0 and 1
    z = torch.Generator().manual_seed(derive(3, "swag", 0))
    low, own = torch.randn(2, generator=z), torch.randn(1, 1, generator=z)
    with plan.member(net, tensors, 0, 3):
        assert float(net.weight.detach()) == pytest.approx(1 + float(own) / math.sqrt(2) + float(low[1]) / math.sqrt(2))


def test_weights_that_stand_still_have_no_spread() -> None:
    plan = SWAG(samples=2, rank=2, part=1)
    tensors, net = walked(plan, [[2.0], [2.0], [2.0]])
    with plan.member(net, tensors, 1, 0):
        assert float(net.weight.detach()) == 2.0


def test_batch_norm_is_refused_and_group_norm_is_not() -> None:
    with pytest.raises(ArgumentError, match="the statistics of BatchNorm1d '1' belong to one set of weights") as caught:
        SWAG().check(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)))
    assert caught.value.code == "NeedsCapability"
    SWAG().check(torch.nn.Sequential(torch.nn.GroupNorm(1, 2), torch.nn.BatchNorm1d(2, track_running_stats=False)))


def test_frozen_parameters_are_left_alone() -> None:
    net = torch.nn.Linear(2, 1)
    net.bias.requires_grad_(False)
    watcher = SWAG().watch()
    assert isinstance(watcher, SwagWatcher)
    watcher.on_epoch(net, 0, 1)
    assert set(watcher.tensors()) == {"swag.mean.weight", "swag.variance.weight", "swag.deviations.weight"}
