from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, DataError
from querist.core.ports import TrainPlugin
from querist.core.signals import CRITIC, DISCRIMINATOR, LOSS, PROBS, Signal
from querist.data.schema import Number
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.training.plugins.base import Batch, Outputs, Plugin, Shape
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.plugins.tod import Tod
from querist.training.plugins.vaal import Vaal
from querist.training.plugins.waal import Waal
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

QUICK = Recipe(epochs=4, batch_size=8, lr=0.01)
SHAPE = Shape("single", 3, {None: 2}, (4,), torch.device("cpu"))


class Side(Plugin):
    """One linear layer beside the network."""

    name: ClassVar[str] = "side"
    lr = 0.05

    def __init__(self) -> None:
        self.layer: Any = None

    def start(self, shape: Shape) -> None:
        self.layer = torch.nn.Linear(2, 1)

    def modules(self) -> Mapping[str, Any]:
        return {} if self.layer is None else {"layer": self.layer}


class Nothing(Plugin):
    name: ClassVar[str] = "nothing"


def fitted(*plugins: Any, **more: Any) -> TorchLearner:
    more.setdefault("recipe", QUICK)
    learner = TorchLearner(lambda: MLP(4, 3, dropout=0.2), source(), THREE, plugins=plugins, device="cpu", **more)
    learner.fit(labels(learner.source, range(20)), seed=0)
    return learner


def probs(learner: TorchLearner) -> Any:
    return learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS]


def test_the_base_is_of_the_port_and_does_nothing() -> None:
    assert isinstance(Nothing(), TrainPlugin)
    assert Nothing().loss(Batch(None), None, Outputs(None, None, None, 0.0)) is None  # type: ignore[arg-type]
    assert Nothing().signals(None, None) == {}  # type: ignore[arg-type]
    np.testing.assert_array_equal(probs(fitted(Nothing())), probs(fitted()))


def test_a_step_is_one_of_adam_and_nothing_without_gradients() -> None:
    plugin = Side()
    with rng_kept(0):
        plugin.ready(SHAPE)
    before = [p.detach().clone() for p in plugin.layer.parameters()]
    plugin.step()
    assert all(torch.equal(a, b) for a, b in zip(before, plugin.layer.parameters(), strict=True))
    twin = torch.nn.Linear(2, 1)
    twin.load_state_dict(plugin.layer.state_dict())
    optimizer = torch.optim.Adam(twin.parameters(), lr=0.05)
    for layer, step in ((plugin.layer, plugin.step), (twin, optimizer.step)):
        layer(torch.ones(3, 2)).square().sum().backward()
        step()
    assert all(torch.equal(a, b) for a, b in zip(twin.parameters(), plugin.layer.parameters(), strict=True))
    assert not torch.equal(before[0], plugin.layer.weight)
    plugin.clear()
    assert plugin.layer.weight.grad is None
    plugin.settle()
    assert not plugin.layer.training
    plugin.step()  # nothing is left that could move


def test_gradients_of_half_precision_go_through_the_scaler() -> None:
    plugin = Side()
    plugin.ready(SHAPE)
    plugin.layer(torch.ones(3, 2)).sum().backward()
    stepped = []

    class Scaler:
        def step(self, optimizer: Any) -> None:
            stepped.append(optimizer)

    plugin.step(Scaler())
    assert stepped == [plugin._optimizer]


def test_state_by_module_and_name() -> None:
    plugin, other = Side(), Side()
    plugin.ready(SHAPE)
    other.ready(SHAPE)
    state = plugin.state_dict()
    assert state.keys() == {"layer.weight", "layer.bias"}
    other.load_state_dict(state)
    assert torch.equal(other.layer.weight, plugin.layer.weight)
    with pytest.raises(RuntimeError, match="bias"):
        other.load_state_dict({"layer.weight": state["layer.weight"]})


def test_several_at_once_publish_each_its_own(tmp_path: Path) -> None:
    learner = fitted(LearningLoss(), Vaal(), Waal(), Tod())
    wanted: frozenset[Signal] = frozenset({LOSS, DISCRIMINATOR, CRITIC})
    view = learner.signals(all_of(learner.source), wanted)
    learner.save(tmp_path)
    again = TorchLearner(
        lambda: MLP(4, 3, dropout=0.2),
        source(),
        THREE,
        plugins=[LearningLoss(), Vaal(), Waal(), Tod()],
        device="cpu",
    )
    again.load(tmp_path)
    told = again.signals(all_of(learner.source), wanted)
    for signal in wanted:
        assert np.array_equal(view[signal], told[signal])


def test_an_onlooker_among_others_changes_nothing_for_them() -> None:
    one, two = fitted(LearningLoss()), fitted(LearningLoss(), Vaal())
    name = frozenset({LOSS})
    items = all_of(one.source)
    assert np.array_equal(one.signals(items, name)[LOSS], two.signals(items, name)[LOSS])


def test_a_training_that_is_broken_off_leaves_plug_ins_as_they_were() -> None:
    class Fragile(LearningLoss):
        breaks = False

        def on_epoch(self, progress: Any) -> None:
            if self.breaks and progress.epoch == 1:
                raise KeyboardInterrupt

    plugin = Fragile()
    learner = fitted(plugin)
    items, names = all_of(learner.source), frozenset({PROBS, LOSS})
    before = learner.signals(items, names)
    plugin.breaks = True
    with pytest.raises(KeyboardInterrupt):
        learner.fit(labels(learner.source, range(30)), seed=1)
    after = learner.signals(items, names)
    for name in names:
        assert np.array_equal(before[name], after[name])


def test_weights_without_the_plugin_are_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    learner = TorchLearner(lambda: MLP(4, 3, dropout=0.2), source(), THREE, plugins=[Vaal()], device="cpu")
    with pytest.raises(DataError, match="weights of another network") as error:
        learner.load(tmp_path)
    assert error.value.code == "BadWeights"


def test_what_does_not_fit_is_refused() -> None:
    class Classes(Side):
        kinds: ClassVar[frozenset[str]] = frozenset({"single"})

    with pytest.raises(ArgumentError, match="the plug-in 'side' is for targets of kind single") as error:
        TorchLearner(lambda: MLP(4, 1), source(), Number(), plugins=[Classes()], device="cpu")
    assert error.value.code == "NeedsCapability"
    with pytest.raises(ArgumentError, match="two parts give the signal loss"):
        fitted(LearningLoss(), LearningLoss())

    class Idle(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.unused, self.head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.head(x)
            return out

    with pytest.raises(ArgumentError, match="Idle does not use layer unused"):
        TorchLearner(Idle, source(), THREE, plugins=[LearningLoss(["unused"])], device="cpu")
