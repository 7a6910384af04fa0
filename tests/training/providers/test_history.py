from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import HISTORY, PREDICTION, PROBS
from querist.data.schema import Number, SingleLabel
from querist.models.mlp import MLP
from querist.training.providers.history import EpochHistory, RoundHistory
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, print_of_module, source

QUICK = Recipe(epochs=6, lr=0.02)


def learner_of(provider: Any, schema: Any = THREE, outputs: int = 3, recipe: Recipe = QUICK) -> TorchLearner:
    return TorchLearner(
        lambda: MLP(4, outputs, hidden=(8,), dropout=0.1),
        source(),
        schema,
        recipe=recipe,
        providers=[provider],
        device="cpu",
    )


def signal(learner: TorchLearner, name: Any = HISTORY) -> NDArray[Any]:
    return np.asarray(learner.signals(all_of(learner.source), frozenset({name}))[name])


@pytest.mark.parametrize(("steps", "epochs", "points"), [(4, 6, 5), (4, 3, 3), (1, 6, 2), (2, 1, 1)])
def test_epochs_end_with_what_the_network_says_now(steps: int, epochs: int, points: int) -> None:
    learner = learner_of(EpochHistory(steps), recipe=Recipe(epochs=epochs, lr=0.02))
    learner.fit(labels(learner.source, range(20)), seed=0)
    history = signal(learner)
    assert history.shape == (60, points, 3)
    np.testing.assert_array_equal(history[:, -1], signal(learner, PROBS))
    np.testing.assert_allclose(history.sum(axis=2), 1.0, atol=1e-5)


def test_an_epoch_kept_is_the_network_of_a_shorter_training() -> None:
    long = learner_of(EpochHistory(1))
    long.fit(labels(long.source, range(20)), seed=0)
    short = learner_of(EpochHistory(1), recipe=Recipe(epochs=3, lr=0.02))
    short.fit(labels(short.source, range(20)), seed=0)
    np.testing.assert_allclose(signal(long)[:, 0], signal(short, PROBS), atol=1e-6)


def test_rounds_are_the_models_before(tmp_path: Path) -> None:
    learner = learner_of(RoundHistory(2))
    said, previous = [], None
    for k in range(4):
        learner.fit(labels(learner.source, range(10 + 5 * k)), seed=k, previous=previous)
        said.append(signal(learner, PROBS))
        history = signal(learner)
        assert history.shape == (60, min(k, 2) + 1, 3)
        for t in range(history.shape[1]):
            np.testing.assert_array_equal(history[:, -1 - t], said[-1 - t])
        previous = tmp_path / str(k)
        previous.mkdir()
        learner.save(previous)
    again = learner_of(RoundHistory(2))
    again.load(tmp_path / "3")
    np.testing.assert_array_equal(signal(again), history)


def test_a_class_added_between_rounds_had_probability_zero(tmp_path: Path) -> None:
    learner = learner_of(RoundHistory(1))
    learner.fit(labels(learner.source, range(20)), seed=0)
    before = signal(learner, PROBS)
    learner.save(tmp_path)
    learner.take_schema(SingleLabel(("a", "b", "c", "d")))
    assert signal(learner).shape == (60, 1, 4)
    learner.fit(labels(learner.source, range(20), np.arange(20) % 4), seed=1, previous=tmp_path)
    history = signal(learner)
    assert history.shape == (60, 2, 4)
    np.testing.assert_array_equal(history[:, 0, :3], before)
    assert (history[:, 0, 3] == 0).all()
    np.testing.assert_array_equal(history[:, 1], signal(learner, PROBS))
    unmoved = print_of_module(learner._module)
    signal(learner)
    assert print_of_module(learner._module) == unmoved


def test_numbers(tmp_path: Path) -> None:
    learner = learner_of(RoundHistory(1), Number(), 1)
    x = learner.source.take(np.arange(30))[:, 0]
    learner.fit(labels(learner.source, range(20), x[:20].astype(float)), seed=0)
    before = signal(learner, PREDICTION)
    learner.save(tmp_path)
    learner.fit(labels(learner.source, range(30), 10.0 * x.astype(float)), seed=1, previous=tmp_path)
    history = signal(learner)
    assert history.shape == (60, 2)
    np.testing.assert_array_equal(history[:, 1], signal(learner, PREDICTION))
    np.testing.assert_allclose(history[:, 0], before, rtol=1e-5, atol=1e-6)


def test_steps_are_counted() -> None:
    for provider in (EpochHistory(0), RoundHistory(-1)):
        with pytest.raises(ArgumentError, match="steps of a history must be 1 or more"):
            learner_of(provider)
