from __future__ import annotations

import pytest
import torch

from querist.models.guard import rng_kept, untouched
from tiny import pollute, print_of_generators, print_of_module


class Restless(torch.nn.Module):
    """Changes everything it can while it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)
        self.drop = torch.nn.Dropout(0.5)
        self.calls: torch.Tensor
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls = self.calls + 1
        assert self.norm.running_mean is not None
        self.norm.running_mean.add_(1)
        torch.rand(3)
        out: torch.Tensor = self.drop(self.norm(x))
        return out


@pytest.mark.parametrize("fails", [False, True])
def test_flags_buffers_gradients_and_generators_are_put_back(fails: bool) -> None:
    net = Restless()
    net.norm.weight.requires_grad_(False)
    net.norm.bias.grad = torch.ones(3)
    net.drop.eval()  # a mixture of modes is kept as it is
    pollute(3)
    before = print_of_module(net), print_of_generators()
    buffer = net.calls

    def work() -> None:
        with untouched(net):
            assert not net.training
            assert not net.norm.training
            net(torch.randn(4, 3))
            net.norm.bias.grad = None
            net.norm.weight.requires_grad_(True)
            if fails:
                raise KeyError("stop")

    if fails:
        with pytest.raises(KeyError):
            work()
    else:
        work()
    assert (print_of_module(net), print_of_generators()) == before
    assert net.calls is buffer


def test_a_seed_inside_gives_the_same_draws_and_moves_nothing_outside() -> None:
    pollute(1)
    before = torch.get_rng_state()
    with rng_kept(5):
        one = torch.rand(4)
    pollute(2)
    with rng_kept(5):
        two = torch.rand(4)
    with rng_kept(6):
        three = torch.rand(4)
    assert torch.equal(one, two)
    assert not torch.equal(one, three)
    pollute(1)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_the_draws_go_on_from_outside() -> None:
    pollute(7)
    with rng_kept():
        inside = torch.rand(2)
    assert torch.equal(inside, torch.rand(2))


def test_a_seed_above_64_bits_is_taken() -> None:
    with rng_kept(2**63 + 5):
        one = torch.rand(1)
    with rng_kept(5):
        assert torch.equal(one, torch.rand(1))
