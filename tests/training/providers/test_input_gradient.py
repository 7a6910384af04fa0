from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import INPUT_GRAD, PROBS
from querist.data.schema import Number
from querist.models.cnn import SmallCNN
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training.providers.input_gradient import InputGradient
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, digits, labels, print_of_generators, print_of_module, source

QUICK = Recipe(epochs=5, lr=0.02)


def fitted(make: Any, **more: Any) -> TorchLearner:
    learner = TorchLearner(make, source(), THREE, recipe=QUICK, providers=[InputGradient()], device="cpu", **more)
    learner.fit(labels(learner.source, range(20)), seed=0)
    return learner


def test_a_linear_network_in_closed_form() -> None:
    learner = fitted(lambda: LinearHead(4, 3))
    view = learner.signals(all_of(learner.source), frozenset({PROBS, INPUT_GRAD}))
    p = view[PROBS]
    a = p - np.eye(3)[p.argmax(axis=1)]
    weight = next(v for k, v in learner._module.state_dict().items() if k.endswith("weight")).numpy()
    np.testing.assert_allclose(view[INPUT_GRAD], a @ weight, atol=1e-5)


@pytest.mark.parametrize("head", ["classes", "evidential"])
def test_finite_differences(head: str) -> None:
    learner = fitted(lambda: MLP(4, 3, hidden=(8,), activation="tanh", dropout=0.5), head=head, score_batch=7)
    told = learner.signals(all_of(learner.source), frozenset({INPUT_GRAD}))[INPUT_GRAD]
    module = learner._module.double()
    x = torch.as_tensor(learner.source.take(slice(None))).double()
    with torch.no_grad():
        label = module(x).argmax(dim=1)
        for d in range(4):
            step = torch.zeros(4, dtype=torch.float64)
            step[d] = 1e-5
            up, down = (learner.parts.head.losses(module(x + s), label) for s in (step, -step))
            np.testing.assert_allclose(told[:, d], ((up - down) / 2e-5).numpy(), atol=1e-4)


def test_pictures_keep_their_shape_and_nothing_changes() -> None:
    found, schema, targets = digits()
    learner = TorchLearner(
        lambda: SmallCNN(1, 10, 8, width=2, hidden=8),
        found,
        schema,
        recipe=QUICK,
        providers=[InputGradient()],
        device="cpu",
    )
    learner.fit(labels(found, range(30), targets[:30]), seed=0)
    before = print_of_module(learner._module), print_of_generators()
    told = learner.signals(found.items(np.arange(9)), frozenset({INPUT_GRAD}))[INPUT_GRAD]
    assert told.shape == (9, 1, 8, 8)
    assert (print_of_module(learner._module), print_of_generators()) == before
    assert learner.signals(found.items(np.arange(0)), frozenset({INPUT_GRAD}))[INPUT_GRAD].shape[0] == 0


def test_numbers_are_refused() -> None:
    with pytest.raises(ArgumentError, match="one class an item"):
        TorchLearner(lambda: LinearHead(4, 1), source(), Number(), providers=[InputGradient()], device="cpu")
