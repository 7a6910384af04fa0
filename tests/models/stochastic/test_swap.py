from __future__ import annotations

import pytest
import torch

from querist.models.mlp import MLP
from querist.models.stochastic.swap import copied, swapped


def test_other_weights_inside_and_the_own_ones_after() -> None:
    net, other = MLP(3, 2), MLP(3, 2)
    x = torch.randn(5, 3)
    kept = copied(other)
    own, theirs = net(x), other(x)
    with swapped(net, kept):
        assert torch.equal(net(x), theirs)
    assert torch.equal(net(x), own)
    assert torch.equal(kept["head.weight"], other.head.weight)


def test_copies_do_not_follow() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    kept = copied(net)
    assert set(kept) == {"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                         "1.num_batches_tracked"}  # fmt: skip
    first = net.get_submodule("0")
    assert isinstance(first, torch.nn.Linear)
    first.weight.data.add_(1)
    assert not torch.equal(kept["0.weight"], first.weight)


def test_statistics_of_batch_norm_change_with_the_weights() -> None:
    net = torch.nn.BatchNorm1d(1).eval()
    with swapped(net, {"running_mean": torch.tensor([3.0])}):
        assert float(net(torch.tensor([[3.0]])).detach()) == 0.0
    assert float(net.running_mean) == 0.0  # type: ignore[arg-type]


def test_a_name_that_is_not_there_is_refused() -> None:
    with (
        pytest.raises(KeyError, match="MLP has no parameter or buffer tail"),
        swapped(MLP(2, 2), {"tail": torch.ones(1)}),
    ):
        pass
