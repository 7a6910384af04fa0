"""Attacks against closed forms: the distance to a hyperplane, and to the nearest of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.types import Items
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.linear import LinearHead
from querist.training.attacks import attack_lengths
from querist.training.heads import ClassHead, Scale
from querist.training.inputs import Inputs
from querist.training.net import Net
from querist.training.recipe import Recipe
from querist.training.scoring import Scorer
from querist.training.torch_learner import TorchLearner
from tiny import digits, print_of_generators, print_of_module

RNG = np.random.default_rng(0)
OVERSHOOT = 1.02


def net_of(module: torch.nn.Module, x: NDArray[Any], batch: int = 16) -> Net:
    scorer = Scorer(Inputs(array_source(x.astype(np.float32))), torch.device("cpu"), batch)
    return Net(module.eval(), scorer, ClassHead(), Scale(), 3, 0, {})


def linear(weights: NDArray[Any], bias: NDArray[Any]) -> torch.nn.Linear:
    module = torch.nn.Linear(weights.shape[1], len(weights))
    with torch.no_grad():
        module.weight.copy_(torch.as_tensor(weights))
        module.bias.copy_(torch.as_tensor(bias))
    return module


def lengths(module: torch.nn.Module, x: NDArray[Any], attack: str = "deepfool", batch: int = 16) -> NDArray[Any]:
    return attack_lengths(net_of(module, x, batch), np.arange(len(x)), attack)


def test_two_classes_are_as_far_as_the_hyperplane() -> None:
    w, b, x = RNG.normal(size=5), 0.3, RNG.normal(size=(40, 5))
    found = lengths(linear(np.stack([w, -w]), np.array([b, -b])), x)
    np.testing.assert_allclose(found, OVERSHOOT * np.abs(x @ w + b) / np.linalg.norm(w), rtol=1e-3, atol=1e-4)


def test_several_classes_are_as_far_as_the_nearest_hyperplane() -> None:
    w, b, x = RNG.normal(size=(4, 6)), RNG.normal(size=4), RNG.normal(size=(50, 6))
    z = x @ w.T + b
    own = z.argmax(axis=1)
    far = np.full(z.shape, np.inf)
    for i, k in enumerate(own):
        for other in set(range(4)) - {k}:
            far[i, other] = (z[i, k] - z[i, other]) / np.linalg.norm(w[k] - w[other])
    np.testing.assert_allclose(lengths(linear(w, b), x), OVERSHOOT * far.min(axis=1), rtol=1e-3, atol=1e-4)


def test_by_hand() -> None:
    # outputs x and -x + 2 y: from (3, 1), x - (-x + 2 y) = 4, gradient (2, -2), so 4 / sqrt 8
    module = linear(np.array([[1.0, 0.0], [-1.0, 2.0]]), np.zeros(2))
    assert lengths(module, np.array([[3.0, 1.0]]))[0] == pytest.approx(OVERSHOOT * 4 / 8**0.5, rel=1e-4)


@pytest.mark.parametrize("attack", ["deepfool", "bim"])
def test_what_is_found_changes_the_label_and_is_no_shorter_than_the_margin(attack: str) -> None:
    w, b, x = RNG.normal(size=(3, 6)), np.zeros(3), RNG.normal(size=(30, 6))
    found = lengths(linear(w, b), x, attack)
    z = np.sort(x @ w.T, axis=1)
    bound = (z[:, -1] - z[:, -2]) / max(np.linalg.norm(w[i] - w[j]) for i in range(3) for j in range(i))
    assert np.isfinite(found).mean() > 0.8
    assert (found >= bound - 1e-6).all()


def test_bim_is_made_of_equal_steps_of_the_sign() -> None:
    # x + y is the log-odds: each step takes 0.02 of the spread from both numbers
    x = np.array([[1.0, -0.5], [2.0, 1.0], [1.5, -1.0]])
    found = lengths(linear(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.zeros(2)), x, "bim")
    size = 0.02 * np.std(x, axis=1)
    steps = np.floor(x.sum(axis=1) / (2 * size)) + 1
    assert steps.tolist()[1] > 100
    assert np.isinf(found[1]), "more than 100 steps away"
    for k in (0, 2):
        assert found[k] == pytest.approx(2**0.5 * size[k] * steps[k], rel=1e-3)


def test_bim_moves_where_the_network_is_sure() -> None:
    # log-odds of 200: the probability of the label is 1 in single precision, and the gradient of its logarithm 0
    x = np.array([[1.0, -1.0, 0.0, 0.0]])
    found = lengths(linear(np.array([[100.0, 0.0, 0.0, 0.0], [-100.0, 0.0, 0.0, 0.0]]), np.zeros(2)), x, "bim")
    assert 1.0 < found[0] < 1.05


@pytest.mark.parametrize("attack", ["deepfool", "bim"])
def test_a_flat_network_is_out_of_reach(attack: str) -> None:
    assert np.isinf(lengths(linear(np.zeros((3, 4)), np.array([0.0, 1.0, 0.5])), RNG.normal(size=(5, 4)), attack)).all()


@pytest.mark.parametrize("attack", ["deepfool", "bim"])
def test_batches_and_no_items(attack: str) -> None:
    x = RNG.normal(size=(9, 3))
    module = linear(RNG.normal(size=(3, 3)), np.zeros(3))
    np.testing.assert_allclose(lengths(module, x, attack, 2), lengths(module, x, attack, 9), rtol=1e-4)
    assert attack_lengths(net_of(module, x), np.zeros(0, dtype=np.int64), attack).shape == (0,)
    with pytest.raises(ArgumentError, match="deepfool, bim"):
        attack_lengths(net_of(module, x), np.arange(2), "fgsm")


@pytest.mark.parametrize("attack", ["deepfool", "bim"])
def test_pictures_and_nothing_is_changed(attack: str) -> None:
    from querist.models.cnn import SmallCNN

    source, schema, targets = digits()
    learner = TorchLearner(
        lambda: SmallCNN(1, 10, 8, width=4, hidden=16), source, schema, recipe=Recipe(epochs=10, lr=0.01), device="cpu"
    )
    from querist.core.types import Labels

    at = np.arange(80)
    learner.fit(Labels(source.items(at), targets[at]), seed=0)
    before = print_of_module(learner._module), print_of_generators()
    some: Items = source.items(np.arange(100, 130))
    found = learner.adversarial_margin(some, attack=attack)
    assert (print_of_module(learner._module), print_of_generators()) == before
    assert found.shape == (30,)
    assert np.isfinite(found).mean() > 0.9
    assert (found > 0).all()
    assert np.array_equal(found, learner.adversarial_margin(some, attack=attack))


def test_deepfool_agrees_with_the_margin_of_a_trained_linear_network() -> None:
    from querist.core.types import Labels

    x = RNG.normal(size=(60, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    source = array_source(x)
    learner = TorchLearner(
        lambda: LinearHead(4, 2), source, SingleLabel(("a", "b")), recipe=Recipe(epochs=40, lr=0.05), device="cpu"
    )
    learner.fit(Labels(source.items(), y), seed=0)
    state: dict[str, Any] = learner._module.state_dict()
    weight, bias = (v.numpy().astype(np.float64) for v in state.values())
    gap = (weight[1] - weight[0], bias[1] - bias[0])
    exact = np.abs(x @ gap[0] + gap[1]) / np.linalg.norm(gap[0])
    np.testing.assert_allclose(learner.adversarial_margin(source.items()), OVERSHOOT * exact, rtol=1e-3, atol=1e-4)
