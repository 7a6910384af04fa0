from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import PROBS
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.training.plugins.base import Batch, FitProgress, Forward, Outputs, Shape
from querist.training.plugins.tod import Tod
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source


def ready(kind: str = "single", **settings: Any) -> Tod:
    plugin = Tod(**settings)
    plugin.ready(Shape(kind, 2, {}, (2,), torch.device("cpu")))
    return plugin


def outputs_of(logits: torch.Tensor) -> Outputs:
    return Outputs(Forward(logits, {}), Forward(logits, {}), torch.zeros(1), 0.5)


def test_the_average_by_hand() -> None:
    plugin = ready(decay=0.75)
    module = torch.nn.BatchNorm1d(1)
    for number, (weight, mean) in enumerate([(1.0, 5.0), (3.0, 6.0), (5.0, 7.0)]):
        with torch.no_grad():
            module.weight.fill_(weight)
            assert module.running_mean is not None
            module.running_mean.fill_(mean)
        plugin.on_epoch(FitProgress(number, 3, module))
    teacher = plugin._teacher
    assert float(teacher.weight) == pytest.approx(0.75 * (0.75 * 1 + 0.25 * 3) + 0.25 * 5)
    assert float(teacher.running_mean) == 7.0, "statistics are those of the network"
    assert not teacher.training
    assert not teacher.weight.requires_grad
    assert module.training
    plugin.settle()
    assert plugin._teacher is None


def test_the_loss_by_hand() -> None:
    x = Batch(torch.eye(2))
    z = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    p = float(torch.tensor([1.0, 0.0]).softmax(0)[0])
    q = 1 / (1 + np.exp(-1.0))
    for kind, expected in (("single", 2 * (p - 0.5) ** 2), ("multi", (q - 0.5) ** 2), ("number", 1.0)):
        plugin = ready(kind, weight=0.5)
        assert plugin.loss(x, x, outputs_of(z)) is None, "no average yet"
        plugin._teacher = lambda inputs: torch.zeros(2, 2)
        assert float(plugin.loss(x, x, outputs_of(z))) == pytest.approx(0.5 * expected / 2)
        assert plugin.loss(x, None, Outputs(Forward(z, {}), None, torch.zeros(1), 0.5)) is None


def told(epochs: int, *plugins: Tod) -> Any:
    learner = TorchLearner(
        lambda: MLP(4, 3, dropout=0.2),
        source(),
        THREE,
        recipe=Recipe(epochs=epochs, batch_size=8, lr=0.01),
        plugins=plugins,
        device="cpu",
    )
    learner.fit(labels(learner.source, range(20)), seed=0)
    return learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS]


def test_it_plays_no_part_in_the_first_epoch_nor_without_weight() -> None:
    np.testing.assert_array_equal(told(1, Tod(weight=1.0)), told(1))
    np.testing.assert_array_equal(told(6, Tod(weight=0.0)), told(6))
    assert np.abs(told(6, Tod(weight=1.0)) - told(6)).max() > 1e-4


class Watched(Tod):
    """Measures, after each epoch, how far the network is from the average."""

    def __init__(self, weight: float) -> None:
        super().__init__(weight=weight)
        self.gaps: list[float] = []

    def on_epoch(self, progress: FitProgress) -> None:
        if self._teacher is not None:
            x = torch.as_tensor(source().take(slice(None)))
            module = progress.module.eval()
            with torch.no_grad():
                gap = module(x).softmax(dim=1) - self._teacher(x).softmax(dim=1)
            self.gaps.append(float(gap.square().sum(dim=1).mean()))
            module.train()
        super().on_epoch(progress)


def test_outputs_stay_near_those_of_the_average() -> None:
    free, held = Watched(0.0), Watched(5.0)
    told(8, free)
    told(8, held)
    assert len(free.gaps) == 7
    assert held.gaps[-1] < 0.7 * free.gaps[-1]


def test_it_needs_no_linear_layer() -> None:
    with rng_kept(0):
        net = torch.nn.Sequential(torch.nn.Unflatten(1, (4, 1)), torch.nn.Conv1d(4, 3, 1), torch.nn.Flatten())
    learner = TorchLearner(net, source(), THREE, recipe=Recipe(epochs=3), plugins=[Tod()], device="cpu")
    learner.fit(labels(learner.source, range(20)), seed=0)
    assert learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS].shape == (60, 3)


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"decay": 1.0}, {"decay": -0.1}])
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as error:
        Tod(**wrong)
    assert error.value.code == "BadValue"
