from __future__ import annotations

from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, QueristError
from querist.core.signals import HISTORY, LABELS, PREDICTION, PROBS, Context, Needs, Selection
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import Number, SingleLabel
from querist.models.mlp import MLP
from querist.session.session import Session
from querist.storage.artifacts import Artifacts
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy
from querist.training.providers.loss_history import LossHistory
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, print_of_module, source

QUICK = Recipe(epochs=6, lr=0.02)


def learner_of(*providers: Any, schema: Any = THREE, outputs: int = 3, **more: Any) -> TorchLearner:
    return TorchLearner(
        lambda: MLP(4, outputs, hidden=(8,), dropout=0.3),
        source(),
        schema,
        providers=providers,
        device="cpu",
        **{"recipe": QUICK, **more},
    )


def history(learner: TorchLearner, items: Any = None) -> NDArray[Any]:
    return np.asarray(learner.signals(items or all_of(learner.source), frozenset({HISTORY}))[HISTORY])


class Balance(torch.nn.Module):
    """Logits W x with W zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 2, bias=False)
        torch.nn.init.zeros_(self.layer.weight)

    def forward(self, x: Any) -> Any:
        return self.layer(x)


def test_losses_of_two_epochs_by_hand() -> None:
    numbers = array_source(np.array([[1.0], [-1.0], [9.0]], dtype=np.float32))
    learner = TorchLearner(
        Balance,
        numbers,
        SingleLabel(("a", "b")),
        recipe=Recipe(epochs=2, lr=1.0, optimizer="sgd"),
        providers=[LossHistory()],
        device="cpu",
    )
    learner.fit(Labels(numbers.items(np.arange(2)), np.array([0, 1]), np.array([1.0, 1.0])), seed=0)
    first = 0.5  # the mean gradient of the upper weight is ((.5 - 1) 1 + (.5 - 0) (-1)) / 2 = -.5
    wrong = 1 / (1 + exp(2 * first))  # then each item's other class has this probability, and the gradient is -wrong
    second = first + 0.9 * 0.5 + wrong  # momentum .9
    wanted = [log(1 + exp(-2 * first)), log(1 + exp(-2 * second))]
    told = history(learner, numbers.items(np.array([1, 2, 0])))
    assert told[0] == pytest.approx(wanted, rel=1e-5)
    assert told[2] == pytest.approx(wanted, rel=1e-5)
    assert np.isnan(told[1]).all()


@pytest.mark.parametrize(("steps", "epochs", "points"), [(5, 6, 5), (5, 3, 3), (1, 6, 1), (6, 6, 6)])
def test_the_last_loss_is_that_of_what_the_network_says_now(steps: int, epochs: int, points: int) -> None:
    learner = learner_of(LossHistory(steps), recipe=Recipe(epochs=epochs, lr=0.02))
    given = labels(learner.source, range(20))
    learner.fit(given, seed=0)
    told = history(learner)
    assert told.shape == (60, points)
    probs = learner.signals(given.items, frozenset({PROBS}))[PROBS]
    np.testing.assert_allclose(told[:20, -1], -np.log(probs[np.arange(20), given.targets]), rtol=1e-4, atol=1e-6)
    assert np.isnan(told[20:]).all()
    assert (told[:20, 0] >= told[:20, -1]).mean() > 0.5 or points == 1


def test_the_network_is_as_without_it() -> None:
    with_it, without = learner_of(LossHistory()), learner_of()
    for learner in (with_it, without):
        learner.fit(labels(learner.source, range(20)), seed=0)
    assert print_of_module(with_it._module) == print_of_module(without._module)


def test_rounds_before_stand_first_and_an_item_has_nothing_before_its_label(tmp_path: Path) -> None:
    learner, previous = learner_of(LossHistory(2, rounds=1)), None
    said: list[NDArray[Any]] = []
    for k in range(3):
        given = labels(learner.source, range(2 * k, 10 + 5 * k))  # items come, and the first go
        learner.fit(given, seed=k, previous=previous)
        told = history(learner, given.items)
        assert told.shape == (10 + 3 * k, 2 if k == 0 else 4)
        assert np.isfinite(told[:, -2:]).all()
        if k:
            common = 10 + 5 * (k - 1) - 2 * k
            np.testing.assert_array_equal(told[:common, :2], said[-1][2:, -2:])
            assert np.isnan(told[common:, :2]).all()
            assert common < len(told)
        said.append(told)
        previous = tmp_path / str(k)
        previous.mkdir()
        learner.save(previous)
    again = learner_of(LossHistory(2, rounds=1))
    again.load(tmp_path / "2")
    np.testing.assert_array_equal(history(again), history(learner))


def test_a_number_has_its_squared_error() -> None:
    learner = learner_of(LossHistory(1), schema=Number(), outputs=1)
    x = learner.source.take(np.arange(20))[:, 0].astype(float)
    given = labels(learner.source, range(20), 50 + 10 * x)
    learner.fit(given, seed=0)
    said = np.asarray(learner.signals(given.items, frozenset({PREDICTION}))[PREDICTION])
    wanted = ((said - given.targets) / given.targets.std()) ** 2
    np.testing.assert_allclose(history(learner, given.items)[:, 0], wanted, rtol=1e-3, atol=1e-6)


class Hardest:
    """Asks for what is next to nothing: it reads the losses of labelled items, and keeps them."""

    needs = Needs(labelled=frozenset({HISTORY, LABELS}))

    def __init__(self) -> None:
        self.read: list[NDArray[Any]] = []

    def select(self, ctx: Context, n: int) -> Selection:
        self.read.append(np.asarray(ctx.labelled[HISTORY]))
        assert len(ctx.labelled[LABELS]) == len(self.read[-1])
        return Selection(np.arange(n), np.full(n, np.nan), ("",) * n)


def test_a_strategy_reads_the_losses_of_labelled_items_in_a_session(tmp_path: Path) -> None:
    strategy = Hardest()
    learner = learner_of(LossHistory(2))
    session = Session(
        learner.source,
        learner,
        THREE,
        strategy,
        MemoryStore(),
        start=as_strategy("random"),
        artifacts=Artifacts(tmp_path),
    )
    for _ in range(3):
        query = session.ask(6)
        session.tell(query, {item: "abc"[int(learner.source.rows_of([item])[0]) % 3] for item in query.items})
        session.fit()
    session.ask(6)
    assert [part.shape for part in strategy.read] == [(6, 2), (12, 4), (18, 6)]
    assert [int(np.isnan(part).sum()) for part in strategy.read] == [0, 6 * 2, 6 * 2 + 6 * 4]
    pool = learner_of(LossHistory(2))
    wrong = Session(pool.source, pool, THREE, as_strategy("tod"), MemoryStore(), start=as_strategy("random"))
    wrong.tell(None, {str(pool.source.ids[k]): "abc"[k % 3] for k in range(9)})
    wrong.fit()
    with pytest.raises(DataError, match="history holds NaN"):  # a loss needs a label
        wrong.ask(2)


def test_settings_and_a_training_that_recorded_nothing_are_refused() -> None:
    for provider in (LossHistory(0), LossHistory(1, rounds=-1)):
        with pytest.raises(ArgumentError, match="a history of losses has 1 step or more and 0 rounds or more"):
            learner_of(provider)
    learner = learner_of(LossHistory())
    learner.fit(labels(learner.source, range(9)), seed=0)
    learner._kept = {**learner._kept, "losses": {}}
    with pytest.raises(QueristError, match="no losses were recorded"):
        history(learner)
