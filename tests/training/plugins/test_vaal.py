from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import DISCRIMINATOR, EMBEDDING, PROBS
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.training.plugins.base import Batch, Outputs, Shape
from querist.training.plugins.vaal import Vaal
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

QUICK = Recipe(epochs=5, batch_size=8, lr=0.01)


def net() -> torch.nn.Module:
    nn = torch.nn
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))


def fitted(*plugins: Any, make: Any = net, of: Any = None, rows: Any = range(20), **more: Any) -> TorchLearner:
    more.setdefault("recipe", QUICK)
    learner = TorchLearner(make, of or source(), THREE, plugins=plugins, device="cpu", **more)
    learner.take_pool(np.setdiff1d(np.arange(len(learner.source)), rows))
    learner.fit(labels(learner.source, rows), seed=0)
    return learner


class Watched(Vaal):
    """Keeps what it was shown."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.shown: list[tuple[Batch, Batch, Outputs]] = []

    def after_step(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> None:
        assert unlabelled is not None
        self.shown.append((labelled, unlabelled, outputs))
        super().after_step(labelled, unlabelled, outputs)


def test_the_features_of_the_task_network_reach_it() -> None:
    plugin = Watched()
    learner = fitted(plugin)
    module = learner._module  # as it is after the last step
    labelled, unlabelled, outputs = plugin.shown[-1]
    with torch.no_grad():
        for batch, forward in ((labelled, outputs.labelled), (unlabelled, outputs.unlabelled)):
            assert forward is not None
            assert torch.allclose(module[:4](batch.inputs), forward.hidden[None], atol=1e-6)
    view = learner.signals(all_of(learner.source), frozenset({DISCRIMINATOR, EMBEDDING}))
    vae, judge = plugin.modules()["vae"], plugin.modules()["discriminator"]
    with torch.no_grad():
        mean = vae["encoder"](torch.as_tensor(view[EMBEDDING])).chunk(2, dim=1)[0]
        expected = judge(mean)[:, 0].sigmoid().numpy()
    np.testing.assert_allclose(view[DISCRIMINATOR], expected, atol=1e-6)
    assert vae["encoder"][0].in_features == 16, "not the 4 numbers of the input"
    module[0].weight.data.mul_(-1.0)  # another network, another opinion
    changed = learner.signals(all_of(learner.source), frozenset({DISCRIMINATOR}))[DISCRIMINATOR]
    assert np.abs(changed - expected).max() > 1e-3


def test_a_named_layer_reaches_it() -> None:
    plugin = Watched(layer="0")
    learner = fitted(plugin)
    labelled, _, outputs = plugin.shown[-1]
    with torch.no_grad():
        assert torch.allclose(learner._module[0](labelled.inputs), outputs.labelled.hidden["0"], atol=1e-6)


def test_unlabelled_items_are_those_of_the_pool() -> None:
    plugin = Watched()
    learner = TorchLearner(net, source(), THREE, recipe=QUICK, plugins=[plugin], device="cpu")
    learner.take_pool(np.array([30, 41]))
    learner.fit(labels(learner.source, range(20)), seed=0)
    seen = np.unique(torch.cat([unlabelled.inputs for _, unlabelled, _ in plugin.shown]).numpy(), axis=0)
    assert np.array_equal(seen, np.unique(learner.source.take(np.array([30, 41])), axis=0))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_trains_as_without_it(precision: Any) -> None:
    recipe = Recipe(epochs=5, batch_size=8, lr=0.01, precision=precision)
    alone, watched = fitted(recipe=recipe), fitted(Vaal(), recipe=recipe)
    for a, b in zip(alone._module.state_dict().values(), watched._module.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    told = watched.signals(all_of(watched.source), frozenset({PROBS, DISCRIMINATOR}))
    assert ((told[DISCRIMINATOR] > 0) & (told[DISCRIMINATOR] < 1)).all()


def test_it_tells_labelled_from_unlabelled() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    x[100:] += 4.0  # the second half is elsewhere, and nothing of it is labelled
    learner = fitted(
        Vaal(adversary=0.1),
        make=lambda: MLP(4, 3, hidden=(16,)),
        of=array_source(x),
        rows=range(50),
        recipe=Recipe(epochs=60, batch_size=16, lr=0.003),
    )
    d = learner.signals(all_of(learner.source), frozenset({DISCRIMINATOR}))[DISCRIMINATOR]
    assert d[:100].mean() > d[100:].mean() + 0.2
    assert np.mean(np.argsort(d)[:50] >= 100) > 0.9


def test_the_losses_by_hand() -> None:
    plugin = Vaal(latent=1, beta=3.0)
    plugin.ready(Shape("single", 3, {None: 2}, (2,), torch.device("cpu")))
    with torch.no_grad():
        for part in plugin.modules().values():
            for p in part.parameters():
                p.zero_()
        plugin.modules()["vae"]["encoder"][2].bias.copy_(torch.tensor([0.5, math.log(4.0)]))
        plugin.modules()["discriminator"][2].bias.fill_(1.0)
    h = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    with torch.no_grad():
        # nothing is restored: half of 25 and of 4; the code has mean 1/2 and variance 4
        divergence = 0.5 * (0.25 + 4.0 - 1.0 - math.log(4.0))
        assert float(plugin._restored(h)) == pytest.approx((12.5 + 2.0) / 2 + 3.0 * divergence)
        says = 1 / (1 + math.exp(-1.0))
        assert float(plugin._fooled(h, h[:1])) == pytest.approx(-2 * math.log(says))
        assert float(plugin._told_apart(h, h[:1])) == pytest.approx(-math.log(says) - math.log(1 - says))


def test_each_side_moves_only_itself() -> None:
    plugin = Vaal()
    plugin.ready(Shape("single", 3, {None: 2}, (2,), torch.device("cpu")))
    known, new = torch.randn(5, 2), torch.randn(5, 2)
    plugin._told_apart(known, new).backward()
    assert all(p.grad is None for p in plugin.modules()["vae"].parameters())
    assert any(p.grad is not None for p in plugin.modules()["discriminator"].parameters())


@pytest.mark.parametrize("wrong", [{"latent": 0}, {"width": 0}, {"beta": -1}, {"adversary": -1}, {"lr": 0}])
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as error:
        Vaal(**wrong)
    assert error.value.code == "BadValue"


def test_nothing_left_to_look_at() -> None:
    learner = TorchLearner(net, source(), THREE, recipe=QUICK, plugins=[Vaal()], device="cpu")
    learner.take_pool(np.zeros(0, dtype=np.int64))
    learner.fit(Labels(all_of(learner.source), np.arange(60) % 3), seed=0)
    assert np.isfinite(learner.signals(all_of(learner.source), frozenset({DISCRIMINATOR}))[DISCRIMINATOR]).all()
