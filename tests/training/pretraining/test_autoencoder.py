from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.training.pretraining.autoencoder import Autoencoder
from querist.training.pretraining.loop import pretrain

X = torch.as_tensor(np.random.default_rng(0).normal(size=(50, 6)) * 10 + 3, dtype=torch.float32)


def untold(task: Autoencoder, inputs: torch.Tensor = X) -> float:
    """The loss of a decoder that gives nothing but zeros."""
    decoder = task.helper(4, inputs)
    for p in decoder.parameters():
        torch.nn.init.zeros_(p)
    return float(task.loss(lambda x: torch.zeros(len(x), 4), decoder, inputs).detach())


def shown_to(task: Autoencoder, inputs: torch.Tensor = X) -> torch.Tensor:
    shown: list[torch.Tensor] = []

    def encode(x: Any) -> Any:
        shown.append(x)
        return torch.zeros(len(x), 4)

    torch.manual_seed(0)
    task.loss(encode, task.helper(4, inputs), inputs)
    return shown[0]


def test_values_are_standardised_so_that_knowing_nothing_costs_one() -> None:
    assert untold(Autoencoder()) == pytest.approx(1.0, abs=1e-5)
    constant = torch.cat([X, torch.full((50, 6), 7.0)], dim=1)
    assert untold(Autoencoder(), constant) == pytest.approx(0.5, abs=1e-5)


def test_spoilt_values_are_those_of_other_items_at_the_same_place() -> None:
    assert torch.equal(shown_to(Autoencoder(corrupt=0.0)), X)
    spoilt = shown_to(Autoencoder(corrupt=0.4))
    share = float((spoilt != X).float().mean())
    assert 0.3 < share < 0.5
    for column in range(6):
        assert set(spoilt[:, column].tolist()) <= set(X[:, column].tolist())


def test_a_table_that_two_numbers_explain_is_given_back_from_two() -> None:
    rng = np.random.default_rng(0)
    table = (rng.normal(size=(200, 2)) @ rng.normal(size=(2, 8))).astype(np.float32)
    of = array_source(table)

    def net() -> Any:
        return MLP(8, 3, hidden=(32, 2), activation="tanh")

    encoder = pretrain(of, net, Autoencoder(corrupt=0.05), rows=np.arange(200), epochs=40, batch=50, lr=0.02)
    assert encoder(table).shape == (200, 2)
    assert encoder.losses[0] > 0.5
    assert encoder.losses[-1] < 0.25


def test_images_are_given_back_as_rows() -> None:
    images = torch.rand(10, 1, 4, 4)
    assert shown_to(Autoencoder(), images).shape == images.shape


@pytest.mark.parametrize("change", [{"corrupt": 1.0}, {"corrupt": -0.1}, {"hidden": 0}])
def test_what_is_out_of_range_is_refused(change: Any) -> None:
    with pytest.raises(ArgumentError):
        Autoencoder(**change)
