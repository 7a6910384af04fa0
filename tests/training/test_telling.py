from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import DataError
from querist.core.signals import (
    AUGMENTED,
    EMBEDDING,
    GRADIENT,
    HISTORY,
    INPUT_GRAD,
    LOSS,
    MEMBERS,
    PERTURBED,
    PREDICTION,
    PROBS,
    Signal,
)
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Fitted
from querist.training.heads import ClassHead, LabelsHead, NumberHead, Scale
from querist.training.inputs import Inputs
from querist.training.net import Net
from querist.training.normal_head import NormalHead
from querist.training.parts import Parts
from querist.training.plugins.base import Plugin
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.providers.augmented import Augmented
from querist.training.providers.history import EpochHistory
from querist.training.providers.input_gradient import InputGradient
from querist.training.providers.perturbed import WeightNoise
from querist.training.recipe import Recipe
from querist.training.scoring import Scorer
from querist.training.telling import tell
from querist.training.torch_learner import TorchLearner

X = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
ROWS = np.array([3, 8, 0])


class Counted(MLP):
    """Counts its passes."""

    passes = 0

    def forward(self, rows: Any) -> Any:
        self.passes += 1
        return super().forward(rows)


def net(head: Any = None, outputs: int = 3, dropout: float = 0.0) -> Net:
    torch.manual_seed(0)
    module = Counted(4, outputs, hidden=(6,), dropout=dropout).eval()
    scorer = Scorer(Inputs(array_source(X)), torch.device("cpu"), 100)
    return Net(module, scorer, head or ClassHead(), Scale(), outputs, 0, {})


def test_one_pass_suffices_and_the_gradient_is_that_of_autograd() -> None:
    one = net()
    out = tell(one, Parts(ClassHead(), Recipe()), ROWS, frozenset({PROBS, EMBEDDING, GRADIENT}))
    assert one.module.passes == 1
    a, h = out[GRADIENT]
    for k, row in enumerate(ROWS):
        logits = one.module(torch.as_tensor(X[row : row + 1]))
        loss = torch.nn.functional.cross_entropy(logits, logits.argmax(dim=1))
        (gradient,) = torch.autograd.grad(loss, one.module.head.weight)
        assert np.outer(a[k], h[k]) == pytest.approx(gradient.numpy(), abs=1e-6)
    assert np.array_equal(h, out[EMBEDDING])


def test_the_gradient_of_a_number_is_that_of_the_prediction() -> None:
    one = net(NumberHead(), 1)
    out = tell(one, Parts(NumberHead(), Recipe()), ROWS, frozenset({PREDICTION, GRADIENT}))
    a, h = out[GRADIENT]
    assert a.shape == (3, 1)
    for k, row in enumerate(ROWS):
        (gradient,) = torch.autograd.grad(one.module(torch.as_tensor(X[row : row + 1])).sum(), one.module.head.weight)
        assert np.outer(a[k], h[k]) == pytest.approx(gradient.numpy(), abs=1e-6)


def test_members_are_asked_once_and_a_posterior_that_averages_gives_their_mean() -> None:
    class Averaging(MCDropout):
        mean = True

    one = net(dropout=0.5)
    both = frozenset({PROBS, MEMBERS})
    plain = tell(one, Parts(ClassHead(), Recipe(), posterior=MCDropout(4)), ROWS, both)
    assert plain[MEMBERS].shape == (3, 4, 3)
    assert one.module.passes == 5
    assert plain[PROBS] == pytest.approx(one.predicted(ROWS))
    mean = tell(one, Parts(ClassHead(), Recipe(), posterior=Averaging(4)), ROWS, both)
    assert np.array_equal(mean[MEMBERS], plain[MEMBERS])
    assert mean[PROBS] == pytest.approx(plain[MEMBERS].mean(axis=1))
    only = tell(one, Parts(ClassHead(), Recipe(), posterior=Averaging(4)), ROWS, frozenset({PROBS}))
    assert np.array_equal(only[PROBS], mean[PROBS])
    assert set(only) == {PROBS}


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize(
    ("head", "outputs"), [(ClassHead(), 3), (LabelsHead(), 3), (NumberHead(), 1), (NormalHead(), 2)]
)
@pytest.mark.parametrize("size", [0, 1500])
def test_samples_of_the_last_layer_are_had_in_one_pass_bit_by_bit(
    head: Any, outputs: int, size: int, batch: int
) -> None:
    posterior = LastLayerLaplace(4, prior=1.0, full_up_to=size)
    torch.manual_seed(0)
    module = Counted(4, outputs, hidden=(6,)).eval()
    y = torch.arange(9) % 3
    targets = {"single": y, "multi": torch.eye(3)[y], "number": y.float()}[head.kind]
    with torch.no_grad():
        hidden = module.features(torch.as_tensor(X))
    tensors = posterior.finish(Fitted([module], None, hidden, targets, None, "head", head.kind, 3))
    scorer = Scorer(Inputs(array_source(X)), torch.device("cpu"), batch)
    one = Net(module, scorer, head, Scale(2.0, 3.0), outputs, 3, {"posterior": tensors})
    parts = Parts(head, Recipe(), posterior=posterior)
    slow = []
    for s in range(4):
        with posterior.member(module, tensors, s, 3):
            slow.append(one.predicted(ROWS))
    module.passes = 0
    out = tell(one, parts, ROWS, frozenset({MEMBERS, EMBEDDING}) | (head.provides & {PROBS, PREDICTION}))
    assert module.passes == -(-3 // batch)
    assert np.array_equal(out[MEMBERS], np.stack(slow, axis=1))
    assert out[EMBEDDING] == pytest.approx(hidden.numpy()[ROWS], abs=1e-6)
    predicted = out[PREDICTION if head.kind == "number" else PROBS]
    assert np.array_equal(predicted, np.stack(slow, axis=1).mean(axis=1))


def test_a_sample_that_is_not_finite_is_refused() -> None:
    posterior, one = LastLayerLaplace(2), net()
    tensors = {"laplace.mean": torch.full((3, 7), 3e38), "laplace.factor": torch.zeros(1, 21, 21)}
    broken = replace(one, tensors={"posterior": tensors})
    with pytest.raises(DataError, match="NaN or infinite outputs") as caught:
        tell(broken, Parts(ClassHead(), Recipe(), posterior=posterior), ROWS, frozenset({MEMBERS}))
    assert caught.value.code == "BadScores"


class Lengths(Plugin):
    """Publishes the length of the hidden layer, plus noise from the generator."""

    name = "lengths"
    publishes = frozenset({LOSS})

    def signals(self, inputs: Any, forward: Any) -> Any:
        return {LOSS: forward.hidden[None].norm(dim=1) + 1e-3 * torch.rand(len(inputs))}


def test_a_plugin_publishes_from_the_same_pass_and_the_same_numbers_each_time() -> None:
    one = net()
    parts = Parts(ClassHead(), Recipe(), plugins=(Lengths(),))
    state = torch.get_rng_state()
    first = tell(one, parts, ROWS, frozenset({LOSS, EMBEDDING}))
    assert one.module.passes == 1
    assert first[LOSS] == pytest.approx(np.linalg.norm(first[EMBEDDING], axis=1), abs=2e-3)
    assert np.array_equal(tell(one, parts, ROWS, frozenset({LOSS}))[LOSS], first[LOSS])
    assert torch.equal(torch.get_rng_state(), state)


def test_only_what_is_asked_for_is_given() -> None:
    one = net()
    assert set(tell(one, Parts(ClassHead(), Recipe()), ROWS, frozenset({EMBEDDING}))) == {EMBEDDING}
    assert tell(one, Parts(ClassHead(), Recipe()), ROWS, frozenset()) == {}


_OLDER = 3
_TIMES = 4


@cache
def _trained(members: Any) -> TorchLearner:
    """A learner that can tell all that one network can, fitted on a few items."""
    source = array_source(X)
    learner = TorchLearner(
        lambda: Counted(4, 3, hidden=(6,), dropout=0.5),
        source,
        SingleLabel(("a", "b", "c")),
        recipe=Recipe(epochs=6),
        members=members,
        providers=[EpochHistory(_OLDER), Augmented(times=2), WeightNoise(times=5), InputGradient()],
        plugins=[LearningLoss()],
        device="cpu",
    )
    learner.fit(Labels(source.items(np.arange(6)), np.arange(6) % 3), seed=0)
    return learner


@pytest.mark.parametrize(
    ("names", "dropout", "ensemble", "laplace"),
    [
        ({PROBS}, 1, _TIMES, 1),
        ({EMBEDDING}, 1, 1, 1),
        ({PROBS, EMBEDDING, GRADIENT, LOSS}, 1, _TIMES, 1),
        ({MEMBERS}, _TIMES, _TIMES, 1),
        ({PROBS, MEMBERS}, 1 + _TIMES, _TIMES, 1),
        ({PROBS, EMBEDDING, GRADIENT, MEMBERS}, 1 + _TIMES, _TIMES, 1),
        ({PROBS, EMBEDDING, GRADIENT, LOSS, MEMBERS}, 1 + _TIMES, _TIMES, 1),
        ({HISTORY}, 1 + _OLDER, 1 + _OLDER, 1 + _OLDER),
        ({HISTORY, PROBS}, 1 + _OLDER, _TIMES + _OLDER, 1 + _OLDER),
        ({HISTORY, EMBEDDING, LOSS}, 1 + _OLDER, 1 + _OLDER, 1 + _OLDER),
        ({HISTORY, MEMBERS}, 1 + _TIMES + _OLDER, _TIMES + _OLDER, 1 + _OLDER),
        ({HISTORY, PROBS, EMBEDDING, MEMBERS}, 1 + _TIMES + _OLDER, _TIMES + _OLDER, 1 + _OLDER),
        ({PROBS, AUGMENTED}, 1 + 2, _TIMES + 2, 1 + 2),
        ({PROBS, PERTURBED}, 1 + 5, _TIMES + 5, 1 + 5),
        ({PROBS, INPUT_GRAD}, 1 + 1, _TIMES + 1, 1 + 1),
        ({PROBS, HISTORY, AUGMENTED, PERTURBED}, 1 + _OLDER + 2 + 5, _TIMES + _OLDER + 2 + 5, 1 + _OLDER + 2 + 5),
    ],
)
def test_no_more_passes_than_there_are_networks_and_inputs(
    names: set[Signal], dropout: int, ensemble: int, laplace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = 0
    forward = Counted.forward

    def counting(self: Any, rows: Any) -> Any:
        nonlocal passes
        passes += 1
        return forward(self, rows)

    for members, least in ((_TIMES, dropout), (Ensemble(_TIMES), ensemble), (LastLayerLaplace(_TIMES), laplace)):
        learner = _trained(members)
        with monkeypatch.context() as counted:
            counted.setattr(Counted, "forward", counting)
            passes = 0
            together = learner.signals(learner.source.items(ROWS), frozenset(names))
        assert passes == least, members
        for name in names:  # and what is shared is bitwise what is told alone
            alone = learner.signals(learner.source.items(ROWS), frozenset({name}))[name]
            pairs = zip(*(v if isinstance(v, tuple) else (v,) for v in (together[name], alone)), strict=True)
            assert all(np.array_equal(a, b) for a, b in pairs), name
