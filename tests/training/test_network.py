from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentTypeError
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.training.network import Networks, begin_from, flat, is_head, maker
from querist.training.weights import state_digest
from tiny import print_of_module


def test_a_network_is_copied_with_the_weights_that_it_has() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    net(torch.randn(8, 3)).sum().backward()  # statistics move, gradients are there
    before, state = print_of_module(net), state_digest(net.state_dict())
    make = maker(net)
    with rng_kept(1):
        one, two = make(), make()
    assert state_digest(one.state_dict()) == state_digest(two.state_dict()) == state
    assert all(p.grad is None for p in one.parameters())
    with torch.no_grad():
        one[0].weight.zero_()
        assert print_of_module(net) == before
        net[2] = torch.nn.Linear(1, 1)
    assert state_digest(make().state_dict()) == state  # the copy was taken at the start


def test_networks_of_a_function_are_drawn_from_the_seed_and_copies_are_not() -> None:
    drawn, copied = Networks(lambda: MLP(3, 2), 2), Networks(MLP(3, 2), 2)
    assert (drawn.drawn, copied.drawn) == (True, False)

    def digest(networks: Networks, seed: int) -> str:
        return state_digest(networks.fresh(seed, 2).state_dict())

    assert digest(drawn, 0) == digest(drawn, 0) != digest(drawn, 1)
    assert digest(copied, 0) == digest(copied, 1)
    wide, other = copied.fresh(0, 5), copied.fresh(1, 5)
    assert torch.equal(wide.features[1].weight, copied.fresh(0, 2).features[1].weight)
    assert not torch.equal(wide.head.weight, other.head.weight)


def test_a_function_that_gives_one_network_twice_is_refused() -> None:
    net = MLP(3, 2)
    make = maker(lambda: net)
    make()
    with pytest.raises(ArgumentTypeError, match="the same MLP twice") as caught:
        make()
    assert caught.value.code == "BadLearner"


def test_a_function_is_called() -> None:
    assert maker(lambda: MLP(3, 2))().head.out_features == 2


@pytest.mark.parametrize(("made", "word"), [(5, "int"), (lambda: "net", "str")])
def test_what_makes_no_network_is_refused(made: Any, word: str) -> None:
    with pytest.raises(ArgumentTypeError, match=word) as caught:
        maker(made)()
    assert caught.value.code == "BadLearner"


def test_flat_keeps_rows_also_when_there_are_none() -> None:
    assert flat(torch.zeros(0, 3, 2)).shape == (0, 6)
    assert flat(torch.zeros(4)).shape == (4, 1)
    assert flat(torch.zeros(4, 2)).shape == (4, 2)


def test_a_head_is_the_layer_whose_output_is_the_networks() -> None:
    net = MLP(3, 2)
    hidden = torch.randn(4, 128)
    assert is_head(net, "head", hidden, net.head(hidden))
    assert not is_head(net, "head", hidden, 2 * net.head(hidden))
    assert not is_head(net, None, hidden, net.head(hidden))
    assert not is_head(net, "head", None, net.head(hidden))
    deep = torch.randn(4, 5, 128)
    assert not is_head(net, "head", deep, net.head(deep))


def test_a_warm_start_takes_what_fits_and_says_what_did_not() -> None:
    old, new = MLP(3, 2), MLP(3, 4)
    fresh = new.head.weight.clone()
    notes = begin_from(new, old.state_dict())
    first_old, first_new = old.features[1], new.features[1]
    assert isinstance(first_old, torch.nn.Linear)
    assert isinstance(first_new, torch.nn.Linear)
    assert torch.equal(first_new.weight, first_old.weight)
    assert torch.equal(new.head.weight, fresh)
    assert notes == ["warm start: 2 of 4 tensors had no saved twin and start fresh"]
    assert begin_from(MLP(3, 2), old.state_dict()) == []
