from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.embedding import last_linear, tapped
from querist.models.mlp import MLP


def test_the_last_linear_layer_is_found_and_its_input_recorded() -> None:
    net = MLP(3, 2, hidden=(5,))
    assert last_linear(net) == "head"
    x = torch.randn(4, 3)
    with tapped(net, None) as tap:
        logits = net(x)
    assert tap.value.shape == (4, 5)
    assert torch.equal(net.head(tap.value), logits)


def test_a_named_layer_gives_its_output() -> None:
    net = MLP(3, 2, hidden=(5,))
    x = torch.randn(4, 3)
    with tapped(net, "features.1") as tap:
        net(x)
    assert torch.equal(tap.value, net.features[1](x))


def test_a_following_layer_that_works_in_place_changes_nothing() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(inplace=True), torch.nn.Linear(4, 2))
    x = torch.randn(8, 3)
    with torch.no_grad(), tapped(net, "0") as tap:
        net(x)
        assert torch.equal(tap.value, net[0](x))
    assert (tap.value < 0).any()


def test_hooks_are_gone_afterwards() -> None:
    net = MLP(3, 2)
    for layer in (None, "head"):
        with pytest.raises(KeyError), tapped(net, layer):
            raise KeyError
    assert not net.head._forward_hooks
    assert not net.head._forward_pre_hooks


def test_an_unknown_layer_is_refused_with_the_nearest() -> None:
    with (
        pytest.raises(ArgumentError, match=r"no layer 'featurs'; did you mean features") as caught,
        tapped(MLP(3, 2), "featurs"),
    ):
        pass
    assert caught.value.code == "NeedsCapability"


def test_a_name_like_none_lists_the_layers() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3))
    assert last_linear(net) is None
    with pytest.raises(ArgumentError, match="it has: 0"), tapped(net, "zzzzzzzzzz"):
        pass
    with pytest.raises(ArgumentError, match="embedding_layer=") as caught, tapped(net, None):
        pass
    assert caught.value.code == "NeedsCapability"
