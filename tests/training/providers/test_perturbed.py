from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import PERTURBED, PROBS
from querist.data.schema import Number
from querist.models.guard import rng_kept
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training.providers.perturbed import WeightNoise
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, print_of_generators, print_of_module, source

QUICK = Recipe(epochs=10, lr=0.05)


def fitted(provider: WeightNoise, make: Any = lambda: MLP(4, 3, hidden=(8,))) -> TorchLearner:
    learner = TorchLearner(make, source(), THREE, recipe=QUICK, providers=[provider], device="cpu")
    learner.fit(labels(learner.source, range(20)), seed=0)
    return learner


def moves(provider: WeightNoise) -> Any:
    """(N, K) distance of each perturbed prediction from the plain one."""
    learner = fitted(provider)
    view = learner.signals(all_of(learner.source), frozenset({PROBS, PERTURBED}))
    return np.linalg.norm(view[PERTURBED] - view[PROBS][:, None], axis=2)


def test_small_noise_moves_little_and_in_proportion() -> None:
    tiny, small, large = (moves(WeightNoise(6, size)) for size in (1e-6, 1e-4, 1e-2))
    assert tiny.shape == (60, 6)
    assert tiny.max() < 1e-5
    assert large.mean() / small.mean() == pytest.approx(100, rel=0.2)


def test_several_sizes_are_used_by_turns() -> None:
    both = moves(WeightNoise(4, (1e-4, 1e-2))).mean(axis=0)
    assert (both[1::2] > 20 * both[::2]).all()


@pytest.mark.parametrize("each", [False, True])
def test_noise_has_the_length_asked_for(each: bool) -> None:
    with rng_kept(0):
        module = MLP(4, 3, hidden=(8,))
    before = [p.detach().clone() for p in module.parameters()]
    with WeightNoise(1, 0.1, each=each)._noisy(module, 7, 0.1):
        noise = [p.detach() - b for p, b in zip(module.parameters(), before, strict=True)]
    if each:
        for e, b in zip(noise, before, strict=True):
            assert float(e.norm()) == pytest.approx(0.1 * float(b.norm()), rel=1e-4)
    else:
        whole, long = (float(torch.cat([t.flatten() for t in ts]).norm()) for ts in (noise, before))
        assert whole == pytest.approx(0.1 * long, rel=1e-4)
    assert all(torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))


def test_one_network_for_all_items_and_nothing_is_left_behind() -> None:
    learner = fitted(WeightNoise(3, 0.3))
    before = print_of_module(learner._module), print_of_generators()
    whole = learner.signals(all_of(learner.source), frozenset({PERTURBED}))[PERTURBED]
    some = learner.signals(learner.source.items(np.array([5, 40])), frozenset({PERTURBED}))[PERTURBED]
    np.testing.assert_allclose(some, whole[[5, 40]], atol=1e-6)
    assert (print_of_module(learner._module), print_of_generators()) == before


def test_the_first_order_is_the_gradient_of_the_last_layer() -> None:
    # a linear network: the change of the log-odds is noise times (x, 1)
    learner = fitted(WeightNoise(1, 1e-3), lambda: LinearHead(4, 3))
    view = learner.signals(all_of(learner.source), frozenset({PROBS, PERTURBED}))
    shift = np.log(view[PERTURBED][:, 0]) - np.log(view[PROBS])
    odds = shift - shift[:, :1]
    design = np.c_[learner.source.take(slice(None)), np.ones(60)]
    left = odds - design @ np.linalg.lstsq(design, odds, rcond=None)[0]
    assert np.abs(left).max() < 1e-4 < np.abs(odds).max()


def test_refusals() -> None:
    for wrong in (WeightNoise(0), WeightNoise(2, 0.0), WeightNoise(2, (0.1, -1.0))):
        with pytest.raises(ArgumentError, match="times must be 1 or more and every size above 0"):
            fitted(wrong)
    with pytest.raises(ArgumentError, match="the labels are numbers"):
        TorchLearner(lambda: LinearHead(4, 1), source(), Number(), providers=[WeightNoise()], device="cpu")
