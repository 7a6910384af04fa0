from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.core.signals import LOSS, PROBS, Signal
from querist.core.types import Array
from querist.models.mlp import MLP
from querist.training.net import Net
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.providers.base import Provider
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source


@dataclass(frozen=True)
class Doubt(Provider):
    """One minus the largest probability, under the name of a loss."""

    name: ClassVar[str] = "doubt"
    gives: ClassVar[Signal] = LOSS

    def compute(self, net: Net, rows: Array) -> Array:
        return np.asarray(1.0 - net.predicted(rows).max(axis=1))


def learner_of(**more: Any) -> TorchLearner:
    return TorchLearner(lambda: MLP(4, 3), source(), THREE, recipe=Recipe(epochs=3), device="cpu", **more)


def test_a_provider_of_ones_own() -> None:
    learner = learner_of(providers=[Doubt()])
    assert LOSS in learner.provides
    learner.fit(labels(learner.source, range(20)), seed=0)
    view = learner.signals(all_of(learner.source), frozenset({PROBS, LOSS}))
    np.testing.assert_array_equal(view[LOSS], 1.0 - view[PROBS].max(axis=1))


def test_the_base_keeps_nothing() -> None:
    assert Doubt().watch() is None
    assert Doubt().finish(None, None, None) == {}
    with pytest.raises(TypeError, match="compute"):
        Provider()  # type: ignore[abstract]


def test_two_that_give_one_signal_are_refused() -> None:
    with pytest.raises(ArgumentError, match="two parts give the signal loss"):
        learner_of(providers=[Doubt()], plugins=[LearningLoss()])
