from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.mlp import MLP


def test_widths_follow_the_arguments() -> None:
    net = MLP(6, 3, hidden=(5, 4), dropout=0.1)
    sizes = [(p.in_features, p.out_features) for p in net.modules() if isinstance(p, torch.nn.Linear)]
    assert sizes == [(6, 5), (5, 4), (4, 3)]
    assert sum(isinstance(p, torch.nn.Dropout) for p in net.modules()) == 2
    assert not any(isinstance(p, torch.nn.Dropout) for p in MLP(6, 3).modules())


def test_images_are_flattened_and_the_sum_is_the_plain_one() -> None:
    net = MLP(6, 2, hidden=(3,), activation="tanh")
    x = torch.randn(4, 1, 2, 3)
    first = net.features[1]
    assert isinstance(first, torch.nn.Linear)
    hidden = torch.tanh(x.reshape(4, 6) @ first.weight.T + first.bias)
    assert torch.allclose(net(x), hidden @ net.head.weight.T + net.head.bias, atol=1e-6)


def test_without_hidden_layers_it_is_linear() -> None:
    net = MLP(4, 2, hidden=())
    x = torch.randn(3, 4)
    assert torch.allclose(net(2 * x) - net(x), net(x) - net(0 * x), atol=1e-5)


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"relu, tanh, gelu, silu; got 'swish'") as caught:
        MLP(3, 2, activation="swish")
    assert caught.value.code == "BadValue"
