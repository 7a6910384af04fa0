from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import CRITIC, EMBEDDING, PROBS
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.training.plugins.base import Batch, Forward, Outputs, Shape
from querist.training.plugins.waal import Waal
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

QUICK = Recipe(epochs=5, batch_size=8, lr=0.01)
EMPTY = Batch(torch.zeros(0))


def two_places() -> Any:
    """200 items; the second half is elsewhere."""
    x = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    x[100:] += 3.0
    return array_source(x)


def fitted(*plugins: Any, of: Any = None, rows: Any = range(20), recipe: Recipe = QUICK) -> TorchLearner:
    learner = TorchLearner(
        lambda: MLP(4, 3, hidden=(16,), dropout=0.1),
        of or source(),
        THREE,
        recipe=recipe,
        plugins=plugins,
        device="cpu",
    )
    learner.take_pool(np.setdiff1d(np.arange(len(learner.source)), rows))
    learner.fit(labels(learner.source, rows), seed=0)
    return learner


def ready(**settings: Any) -> Waal:
    """A critic that is twice the first feature, where that is above 0."""
    plugin = Waal(width=1, **settings)
    plugin.ready(Shape("single", 3, {None: 2}, (2,), torch.device("cpu")))
    with torch.no_grad():
        first, second, last = plugin.modules()["critic"][::2]
        first.weight.copy_(torch.tensor([[1.0, 0.0]]))
        second.weight.fill_(1.0)
        last.weight.fill_(2.0)
        for part in (first, second, last):
            part.bias.zero_()
    return plugin


KNOWN, NEW = torch.tensor([[1.0, 5.0], [2.0, 5.0]]), torch.tensor([[3.0, 0.0], [6.0, 0.0]])


def outputs_of(known: torch.Tensor, new: torch.Tensor | None) -> Outputs:
    other = None if new is None else Forward(new, {None: new})
    return Outputs(Forward(known, {None: known}), other, torch.zeros(2), 0.0)


def test_distance_and_penalty_by_hand() -> None:
    plugin = ready(weight=0.5)
    loss = plugin.loss(EMPTY, EMPTY, outputs_of(KNOWN, NEW)).detach()
    assert float(loss) == pytest.approx(0.5 * (2 * 4.5 - 2 * 1.5))
    assert float(plugin._excess(KNOWN, NEW).detach()) == pytest.approx((2.0 - 1.0) ** 2)
    assert plugin.loss(EMPTY, None, outputs_of(KNOWN, None)) is None
    told = plugin.signals(KNOWN, Forward(NEW, {None: NEW}))[CRITIC].detach()
    assert told.tolist() == pytest.approx([6.0, 12.0])


def test_the_players_move_against_each_other() -> None:
    plugin = ready(weight=0.5, penalty=0.0, lr=0.01)
    known, new = KNOWN.clone().requires_grad_(True), NEW.clone().requires_grad_(True)
    plugin.clear()
    plugin.loss(EMPTY, EMPTY, outputs_of(known, new)).backward()
    assert known.grad is not None
    assert new.grad is not None
    assert known.grad[:, 0].tolist() == pytest.approx([-0.5, -0.5]), "the network moves labelled features up the critic"
    assert new.grad[:, 0].tolist() == pytest.approx([0.5, 0.5]), "and unlabelled ones down"
    before = [p.detach().clone() for p in plugin.modules()["critic"].parameters()]
    plugin.step()
    assert all(torch.equal(a, b) for a, b in zip(before, plugin.modules()["critic"].parameters(), strict=True))
    distance = float(plugin._distance(KNOWN, NEW).detach())
    plugin.after_step(EMPTY, EMPTY, outputs_of(known, new))
    assert float(plugin._distance(KNOWN, NEW).detach()) > distance, "the critic widens what it sees"
    assert not any(
        torch.equal(a, b) for a, b in zip(before[::2], list(plugin.modules()["critic"].parameters())[::2], strict=True)
    )


def test_the_penalty_holds_the_slope() -> None:
    plugin = ready(penalty=10.0, lr=0.01)
    for _ in range(300):
        plugin.after_step(EMPTY, EMPTY, outputs_of(KNOWN, NEW))
    assert abs(float(plugin._excess(KNOWN, NEW).detach()) ** 0.5) < 0.3


def test_the_critic_is_high_where_the_pool_is_unlike_the_labels() -> None:
    recipe = Recipe(epochs=60, batch_size=16, lr=0.003)
    learner = fitted(Waal(weight=0.0), of=two_places(), rows=range(50), recipe=recipe)
    c = learner.signals(all_of(learner.source), frozenset({CRITIC}))[CRITIC]
    assert c[100:].mean() > c[:50].mean() + 0.5
    assert np.mean(np.argsort(-c)[:50] >= 100) > 0.9


def test_the_network_brings_features_together() -> None:
    recipe = Recipe(epochs=60, batch_size=16, lr=0.003)
    gaps = []
    for weight in (0.0, 1.0):
        learner = fitted(Waal(weight=weight), of=two_places(), rows=range(50), recipe=recipe)
        h = learner.signals(all_of(learner.source), frozenset({EMBEDDING}))[EMBEDDING]
        gaps.append(np.linalg.norm(h[50:].mean(axis=0) - h[:50].mean(axis=0)) / h.std())
    assert gaps[1] < 0.8 * gaps[0]


def test_weight_zero_leaves_the_network_alone() -> None:
    said = []
    for plugins in ((), (Waal(weight=0.0),), (Waal(weight=1.0),)):
        learner = fitted(*plugins)
        said.append(learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS])
    np.testing.assert_array_equal(said[1], said[0])
    assert np.abs(said[2] - said[0]).max() > 1e-4


def test_half_precision_and_gathered_steps() -> None:
    for more in ({"precision": "bfloat16"}, {"accumulate": 2}):
        recipe = Recipe(epochs=3, batch_size=8, lr=0.01, **more)
        learner = fitted(Waal(), recipe=recipe)
        assert np.isfinite(learner.signals(all_of(learner.source), frozenset({CRITIC}))[CRITIC]).all()


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"penalty": -1}, {"width": 0}, {"lr": 0}])
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as error:
        Waal(**wrong)
    assert error.value.code == "BadValue"
