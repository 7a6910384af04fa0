from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentTypeError
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.training.network import begin_from, flat, is_head, maker
from tiny import print_of_module


def test_a_network_is_copied_and_drawn_anew() -> None:
    net = MLP(3, 2)
    before = print_of_module(net)
    make = maker(net)
    with rng_kept(1):
        one, two = make(), make()
    assert not torch.equal(one.head.weight, two.head.weight)
    assert not torch.equal(one.head.weight, net.head.weight)
    assert print_of_module(net) == before
    with torch.no_grad():
        net.head = torch.nn.Linear(1, 1)
    assert make().head.in_features == 128  # the copy was taken at the start


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
