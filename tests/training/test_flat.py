from __future__ import annotations

import copy

import pytest
import torch

from querist.models.mlp import MLP
from querist.training.flat import flattened


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.SGD])
def test_a_step_on_the_joined_tensor_is_the_step_on_each(kind: type[torch.optim.Optimizer]) -> None:
    joined = MLP(4, 3, hidden=(5,))
    plain = copy.deepcopy(joined)
    x, y = torch.randn(8, 4), torch.arange(8) % 3
    loss = torch.nn.functional.cross_entropy
    optimizer = kind(plain.parameters(), lr=0.05, weight_decay=0.01)  # type: ignore[call-arg]
    for _ in range(5):
        optimizer.zero_grad()
        loss(plain(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with flattened(joined) as (parameters, clear):
        assert len(parameters) == 1
        optimizer = kind(parameters, lr=0.05, weight_decay=0.01)  # type: ignore[call-arg]
        for _ in range(5):
            clear()
            loss(joined(x), y).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    for p, q in zip(joined.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-6)


def test_afterwards_parameters_stand_alone_without_gradients_also_after_an_error() -> None:
    net = MLP(4, 3)
    with pytest.raises(KeyError), flattened(net):
        raise KeyError
    assert all(p.grad is None for p in net.parameters())
    assert all(p.untyped_storage().nbytes() == p.numel() * 4 for p in net.parameters())


def test_frozen_parameters_are_left_out_and_shared_ones_left_as_they_are() -> None:
    net = MLP(4, 3)
    net.head.weight.requires_grad_(False)
    before = net.head.weight.data_ptr()
    with flattened(net) as (parameters, _):
        assert len(parameters) == 1
        assert net.head.weight.data_ptr() == before
    mixed = MLP(4, 3)
    mixed.head.double()
    with flattened(mixed) as (parameters, clear):
        assert len(parameters) == 4
        parameters[0].grad = torch.ones_like(parameters[0])
        clear()
        assert parameters[0].grad is None
