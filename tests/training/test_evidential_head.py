from __future__ import annotations

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, GRADIENT, PREDICTION, PROBS, VACUITY
from querist.core.types import Labels
from querist.data.schema import Number
from querist.models.mlp import MLP
from querist.testing.learners import check_learner
from querist.training.evidential import losses, read
from querist.training.evidential_head import EvidentialHead
from querist.training.heads import Scale, head_for
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

OUT = torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.0, 3.0]])


def test_probabilities_are_the_means_of_the_dirichlet_distribution() -> None:
    alpha = torch.log1p(OUT.double().exp()) + 1.0
    told = EvidentialHead().read(OUT, frozenset({PROBS}), Scale())
    np.testing.assert_allclose(told[PROBS], (alpha / alpha.sum(dim=1, keepdim=True)).numpy(), rtol=1e-6)
    assert EvidentialHead().read(OUT, frozenset({PREDICTION}), Scale()) == {}
    vacuity = EvidentialHead().read(OUT, frozenset({VACUITY}), Scale())
    assert vacuity.keys() == {VACUITY}
    np.testing.assert_allclose(vacuity[VACUITY], (3 / alpha.sum(dim=1)).numpy(), rtol=1e-6)


def test_the_regulariser_rises_with_the_share_of_the_training() -> None:
    y = torch.tensor([0, 1])
    for ramp, share, weight in ((1.0, 0.0, 0.0), (1.0, 0.25, 0.25), (0.5, 0.25, 0.5), (0.5, 0.9, 1.0), (0.0, 0.0, 1.0)):
        head = EvidentialHead(ramp).at(share)
        assert head.anneal == pytest.approx(weight)
        assert torch.allclose(head.losses(OUT, y), losses(OUT, y, weight))
    assert EvidentialHead(0.5).at(0.1) == EvidentialHead(0.5).at(0.7).at(0.1)


def test_other_heads_stay_as_they_are() -> None:
    head = head_for(THREE)
    assert head.at(0.0) is head.at(0.9) is head


def test_smoothing_draws_towards_equal_shares() -> None:
    y = torch.tensor([0, 2])
    soft = 0.7 * torch.nn.functional.one_hot(y, 3).float() + 0.1
    head = EvidentialHead()
    assert torch.allclose(head.losses(OUT, y, 0.3), head.losses(OUT, soft))
    assert torch.allclose(head.losses(OUT, torch.eye(3)[y], 0.3), head.losses(OUT, soft))


def test_the_loop_asks_for_the_head_of_each_step() -> None:
    seen: list[float] = []

    class Watched(EvidentialHead):
        def at(self, share: float) -> EvidentialHead:
            seen.append(share)
            return super().at(share)

    learner = TorchLearner(
        lambda: MLP(4, 3), source(), THREE, recipe=Recipe(epochs=4, batch_size=10), head=Watched(), device="cpu"
    )
    learner.fit(labels(learner.source, range(20)), seed=0)
    assert seen == pytest.approx([k / 8 for k in range(8)])


def test_it_learns_is_saved_and_is_less_sure_off_the_labels() -> None:
    recipe = Recipe(epochs=200, batch_size=32, lr=0.01)
    learner = TorchLearner(
        lambda: MLP(4, 3, hidden=(32,)), source(), THREE, recipe=recipe, head="evidential", device="cpu"
    )
    learner.fit(labels(learner.source, range(40)), seed=0)
    probs = learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS]
    assert (probs[40:].argmax(axis=1) == np.arange(40, 60) % 3).mean() > 0.9
    with torch.no_grad():
        between = learner._module(torch.full((1, 4), 4 / 3))
        vacuity = read(learner._module(torch.as_tensor(learner.source.take(slice(None)))))["vacuity"]
    assert read(between)["vacuity"][0] > vacuity.mean()


def test_its_gradient_has_not_the_two_factors_of_a_softmax() -> None:
    learner = TorchLearner(lambda: MLP(4, 3), source(), THREE, head="evidential", device="cpu")
    assert learner.provides == {PROBS, VACUITY, EMBEDDING}
    assert GRADIENT in TorchLearner(lambda: MLP(4, 3), source(), THREE, device="cpu").provides


def test_the_learner_keeps_its_contract() -> None:
    recipe = Recipe(epochs=60, batch_size=8, lr=0.02)
    check_learner(
        lambda given, schema: TorchLearner(
            lambda: MLP(4, 3, hidden=(16,)), given, schema, recipe=recipe, head="evidential", device="cpu"
        )
    )


def test_refusals() -> None:
    for wrong in ({"ramp": -0.1}, {"ramp": 1.1}, {"anneal": 2.0}):
        with pytest.raises(ArgumentError, match="from 0 to 1"):
            EvidentialHead(**wrong)
    with pytest.raises(ArgumentError, match="targets of kind 'single'"):
        head_for(Number(), "evidential")
    with pytest.raises(ArgumentError, match="classes, labels, number, evidential, normal"):
        head_for(THREE, "nothing")


def test_soft_targets_and_weights() -> None:
    learner = TorchLearner(lambda: MLP(4, 3), source(), THREE, recipe=Recipe(epochs=3), head="evidential", device="cpu")
    shares = np.full((20, 3), 1 / 3)
    learner.fit(Labels(learner.source.items(np.arange(20)), shares, np.linspace(0, 1, 20)), seed=0)
    assert np.isfinite(learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS]).all()
