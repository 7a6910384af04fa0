from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, NOISE, PREDICTION, PROBS
from querist.data.arrays import array_source
from querist.data.schema import Number
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.training.heads import Scale, head_for
from querist.training.heteroscedastic import losses
from querist.training.normal_head import NormalHead
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source

OUT = torch.tensor([[1.0, np.log(4.0)], [-0.5, 0.0]], dtype=torch.float32)


def test_what_is_read_is_in_the_units_of_the_answers() -> None:
    told = NormalHead().read(OUT, frozenset({PREDICTION, NOISE}), Scale(10.0, 3.0))
    np.testing.assert_allclose(told[PREDICTION], [13.0, 8.5])
    np.testing.assert_allclose(told[NOISE], [36.0, 9.0], rtol=1e-6)
    assert NormalHead().read(OUT, frozenset({PROBS}), Scale()) == {}
    np.testing.assert_allclose(NormalHead().sample(OUT, Scale(10.0, 3.0)), [13.0, 8.5])


def test_the_loss_is_the_likelihood_of_its_module() -> None:
    y = torch.tensor([0.0, 1.0])
    normal = torch.distributions.Normal(OUT[:, 0], (OUT[:, 1] / 2).exp())
    expected = -normal.log_prob(y) - 0.5 * np.log(2 * np.pi)  # type: ignore[no-untyped-call]
    assert torch.allclose(NormalHead(0.0).losses(OUT, y), expected)
    assert torch.allclose(NormalHead(0.7).losses(OUT, y), losses(OUT, y, 0.7))


def learner_of(**more: Any) -> tuple[TorchLearner, Any]:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(400, 1)).astype(np.float32)
    y = 50 + 20 * x[:, 0] + np.where(x[:, 0] > 0, 8.0, 0.5) * rng.normal(size=400)
    found = array_source(x)
    more.setdefault("recipe", Recipe(epochs=80, lr=0.01))
    return TorchLearner(lambda: MLP(1, 2, hidden=(32,)), found, Number(), head="normal", device="cpu", **more), y


def test_it_tells_where_answers_are_noisy(tmp_path: Any) -> None:
    learner, y = learner_of()
    assert learner.provides == {PREDICTION, NOISE, EMBEDDING}
    learner.fit(labels(learner.source, range(400), y), seed=0)
    view = learner.signals(all_of(learner.source), learner.provides)
    right = learner.source.take(slice(None))[:, 0] > 0.2
    left = learner.source.take(slice(None))[:, 0] < -0.2
    assert np.abs(view[PREDICTION] - (50 + 20 * learner.source.take(slice(None))[:, 0])).mean() < 2.5
    assert np.median(view[NOISE][right]) == pytest.approx(64.0, rel=0.5)
    assert np.median(view[NOISE][left]) < 6.0
    learner.save(tmp_path)
    again, _ = learner_of()
    again.load(tmp_path)
    for name in (PREDICTION, NOISE):
        assert np.array_equal(again.signals(all_of(learner.source), frozenset({name}))[name], view[name])


def test_members_of_an_ensemble_are_predictions() -> None:
    learner, y = learner_of(members=Ensemble(2), recipe=Recipe(epochs=3))
    learner.fit(labels(learner.source, range(40), y[:40]), seed=0)
    from querist.core.signals import MEMBERS

    view = learner.signals(all_of(learner.source), frozenset({MEMBERS, NOISE, PREDICTION}))
    assert view[MEMBERS].shape == (400, 2)
    np.testing.assert_allclose(view[PREDICTION], view[MEMBERS].mean(axis=1))
    assert (view[NOISE] > 0).all()


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="gives 1 outputs and the labels need 2") as error:
        TorchLearner(lambda: MLP(4, 1), source(), Number(), head="normal", device="cpu")
    assert error.value.code == "ShapeMismatch"
    with pytest.raises(ArgumentError, match="targets of kind 'number'"):
        head_for(THREE, "normal")
    with pytest.raises(ArgumentError, match="beta"):
        NormalHead(1.5)
