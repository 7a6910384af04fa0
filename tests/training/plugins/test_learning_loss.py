from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from querist.core.errors import ArgumentError
from querist.core.signals import LOSS, PROBS
from querist.core.types import Labels
from querist.data.schema import MultiLabel, Number
from querist.models.cnn import SmallCNN
from querist.models.mlp import MLP
from querist.testing.learners import check_learner
from querist.training.plugins.base import Batch, Forward, Outputs, Shape
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, digits, labels, source

QUICK = Recipe(epochs=10, batch_size=8, lr=0.01)
EMPTY = Batch(torch.zeros(0))


def outputs_of(h: torch.Tensor, losses: list[float], share: float = 0.0) -> Outputs:
    return Outputs(Forward(torch.zeros(len(h), 3), {None: h}), None, torch.tensor(losses), share)


def ready(width: int = 1, **settings: Any) -> LearningLoss:
    """A head that reads one number: relu(x), then times 1."""
    plugin = LearningLoss(width=1, **settings)
    plugin.ready(Shape("single", 3, {None: width}, (4,), torch.device("cpu"), {None: (width,)}))
    with torch.no_grad():
        for p in plugin.modules()["head"].parameters():
            p.fill_(1.0 if p.ndim == 2 else 0.0)
    return plugin


def test_the_ranking_loss_by_hand() -> None:
    plugin = ready(weight=2.0, margin=1.0)
    h = torch.tensor([[0.5], [2.0], [1.0], [3.0]])
    # pairs (0, 3) and (1, 2): predicted gaps -2.5 and 1; true order + (4 > 1) and - (2 < 3)
    loss = plugin.loss(EMPTY, None, outputs_of(h, [4.0, 2.0, 3.0, 1.0])).detach()
    assert float(loss) == pytest.approx(2.0 * ((1 + 2.5) + (1 + 1.0)) / 2)
    loss = plugin.loss(EMPTY, None, outputs_of(h, [1.0, 3.0, 2.0, 4.0])).detach()
    assert float(loss) == pytest.approx(2.0 * (0.0 + 0.0) / 2)
    # of five, the third stands alone
    five = torch.cat([h[:2], torch.tensor([[9.0]]), h[2:]])
    loss = plugin.loss(EMPTY, None, outputs_of(five, [4.0, 2.0, 7.0, 3.0, 1.0])).detach()
    assert float(loss) == pytest.approx(5.5)
    assert plugin.loss(EMPTY, None, outputs_of(h[:1], [1.0])) is None


def test_the_gradient_into_the_network_stops() -> None:
    plugin = ready(stop=0.6)
    for share, flows in ((0.0, True), (0.59, True), (0.6, False), (0.9, False)):
        h = torch.tensor([[0.5], [2.0]], requires_grad=True)
        plugin.clear()
        losses = torch.tensor([1.0, 0.0], requires_grad=True)
        plugin.loss(EMPTY, None, Outputs(Forward(h, {None: h}), None, losses, share)).backward()
        assert (h.grad is not None and bool(h.grad.abs().sum() > 0)) == flows
        assert losses.grad is None, "the head learns the losses, it does not change them"
        assert all(p.grad is not None for p in plugin.modules()["head"].parameters())


def test_weight_zero_and_a_gradient_that_never_flows_leave_the_network_alone() -> None:
    said = []
    for plugins in ([], [LearningLoss(weight=0.0)], [LearningLoss(stop=0.0)], [LearningLoss()]):
        learner = TorchLearner(
            lambda: MLP(4, 3, dropout=0.2), source(), THREE, recipe=QUICK, plugins=plugins, device="cpu"
        )
        learner.fit(labels(learner.source, range(20)), seed=0)
        said.append(learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS])
    np.testing.assert_array_equal(said[1], said[0])
    np.testing.assert_array_equal(said[2], said[0])
    assert np.abs(said[3] - said[0]).max() > 1e-4


def test_layers_of_pictures_are_averaged() -> None:
    found, schema, targets = digits()
    layers = ["features.1", "features.3", None]
    plugin = LearningLoss(layers, width=7)
    learner = TorchLearner(
        lambda: SmallCNN(1, 10, 8, width=4, hidden=16), found, schema, recipe=QUICK, plugins=[plugin], device="cpu"
    )
    learner.fit(Labels(found.items(np.arange(40)), targets[:40]), seed=0)
    head = plugin.modules()["head"]
    assert [tuple(part.weight.shape) for part in head["each"]] == [(7, 4), (7, 8), (7, 16)]
    told = learner.signals(found.items(np.arange(100)), frozenset({LOSS}))[LOSS]
    module = learner._module
    x = torch.as_tensor(found.take(np.arange(100)), dtype=torch.float32) / (
        255.0 if np.asarray(found.take(np.arange(1))).dtype == np.uint8 else 1.0
    )
    with torch.no_grad():
        first = module.features[:2](x)
        second = module.features[2:4](first)
        third = module.features[4:](second)
        parts = [first.mean(dim=(2, 3)), second.mean(dim=(2, 3)), third]
        read = [linear(h).relu() for linear, h in zip(head["each"], parts, strict=True)]
        expected = head["all"](torch.cat(read, dim=1))[:, 0]
    np.testing.assert_allclose(told, expected.numpy(), atol=1e-5)


def test_it_tells_large_losses_from_small_ones() -> None:
    found, schema, targets = digits()
    at, rest = np.arange(100), np.arange(100, 900)
    learner = TorchLearner(
        lambda: SmallCNN(1, 10, 8),
        found,
        schema,
        recipe=Recipe(epochs=40, lr=2e-3),
        plugins=[LearningLoss()],
        device="cpu",
    )
    learner.fit(Labels(found.items(at), targets[at]), seed=0)
    view = learner.signals(found.items(rest), frozenset({PROBS, LOSS}))
    true = -np.log(np.maximum(view[PROBS][np.arange(len(rest)), targets[rest]], 1e-9))
    assert spearmanr(view[LOSS], true)[0] > 0.3


def test_several_labels_numbers_and_half_precision() -> None:
    for schema, outputs, given in (
        (MultiLabel(("a", "b", "c")), 3, np.eye(3)[np.arange(20) % 3]),
        (Number(), 1, np.arange(20.0)),
    ):
        learner = TorchLearner(
            lambda n=outputs: MLP(4, n), source(), schema, recipe=QUICK, plugins=[LearningLoss()], device="cpu"
        )
        learner.fit(labels(learner.source, range(20), given), seed=0)
        assert np.isfinite(learner.signals(all_of(learner.source), frozenset({LOSS}))[LOSS]).all()
    half = Recipe(epochs=3, batch_size=8, precision="bfloat16")
    learner = TorchLearner(lambda: MLP(4, 3), source(), THREE, recipe=half, plugins=[LearningLoss()], device="cpu")
    learner.fit(labels(learner.source, range(20)), seed=0)
    assert np.isfinite(learner.signals(all_of(learner.source), frozenset({LOSS}))[LOSS]).all()


def test_the_head_of_the_best_epoch_is_kept() -> None:
    seen: dict[int, Any] = {}

    class Watched(LearningLoss):
        def on_epoch(self, progress: Any) -> None:
            seen[progress.epoch] = [p.detach().clone() for p in self.modules()["head"].parameters()]

    plugin = Watched()
    recipe = Recipe(epochs=60, batch_size=8, lr=0.5, patience=2, validation=0.4, optimizer="adam")
    learner = TorchLearner(lambda: MLP(4, 3), source(), THREE, recipe=recipe, plugins=[plugin], device="cpu")
    targets = np.random.default_rng(0).integers(0, 3, size=30)  # nothing to learn: the loss rises soon
    learner.fit(labels(learner.source, range(30), targets), seed=0)
    kept = list(plugin.modules()["head"].parameters())
    same = [e for e, ps in seen.items() if all(torch.equal(p, q) for p, q in zip(ps, kept, strict=True))]
    assert same == [max(seen) - 2]


def test_the_learner_keeps_its_contract() -> None:
    check_learner(
        lambda given, schema: TorchLearner(
            lambda: MLP(4, 3, hidden=(16,)),
            given,
            schema,
            recipe=Recipe(epochs=60, batch_size=8, lr=0.02),
            plugins=[LearningLoss()],
            device="cpu",
        )
    )


@pytest.mark.parametrize(
    "wrong", [{"layers": ()}, {"layers": "head"}, {"weight": -1}, {"margin": 0}, {"stop": 2}, {"width": 0}, {"lr": 0}]
)
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as error:
        LearningLoss(**wrong)
    assert error.value.code == "BadValue"


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(ArgumentError, match=r"no layer 'body'"):
        TorchLearner(lambda: MLP(4, 3), source(), THREE, plugins=[LearningLoss(["body"])], device="cpu")
