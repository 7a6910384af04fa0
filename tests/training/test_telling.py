from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import DataError
from querist.core.signals import EMBEDDING, GRADIENT, LOSS, MEMBERS, PREDICTION, PROBS
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Fitted
from querist.training.heads import ClassHead, LabelsHead, NumberHead, Scale
from querist.training.inputs import Inputs
from querist.training.net import Net
from querist.training.normal_head import NormalHead
from querist.training.parts import Parts
from querist.training.plugins.base import Plugin
from querist.training.recipe import Recipe
from querist.training.scoring import Scorer
from querist.training.telling import tell

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
