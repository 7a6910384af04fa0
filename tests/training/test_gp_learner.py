from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tiny import THREE, print_of_generators

pytest.importorskip("gpytorch", reason="gpytorch (extra bayes) is not installed")

from querist.core.errors import ArgumentError, DataError, ResourceError, StateError
from querist.core.signals import EMBEDDING, MEMBERS, NOISE, PREDICTION, PROBS
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import Number
from querist.training.gp_learner import GPLearner
from real_data import table


def waves(count: int = 120, noise: float = 0.2) -> tuple[Any, np.ndarray]:
    """Points of a line from -6 to 6 and noisy sines; the answers are far from standardised."""
    rng = np.random.default_rng(0)
    x = np.linspace(-6, 6, count)
    return array_source(x[:, None].astype(np.float32)), 50 + 10 * (np.sin(x) + noise * rng.normal(size=count))


def labels(of: Any, rows: Any, y: np.ndarray, weights: Any = None) -> Labels:
    at = np.asarray(rows)
    return Labels(of.items(at), y[at], weights)


MIDDLE = np.arange(30, 90)
"""Rows from -3 to 3."""


def fitted(**more: Any) -> tuple[GPLearner, Any, np.ndarray]:
    of, y = waves()
    learner = GPLearner(of, Number(), **{"steps": 80, "lr": 3e-2, **more})
    learner.fit(labels(of, MIDDLE[::2], y), seed=0)
    return learner, of, y


def test_it_predicts_and_knows_noise_in_the_units_of_the_answers() -> None:
    learner, of, y = fitted()
    told = learner.signals(of.items(MIDDLE), learner.provides)
    assert np.sqrt(np.mean((told[PREDICTION] - y[MIDDLE]) ** 2)) < 3.5
    assert 0.8 < np.sqrt(told[NOISE][0]) < 4.0  # truly 2
    assert told[MEMBERS].shape == (60, 16)
    assert told[EMBEDDING].shape == (60, 8)


@pytest.mark.parametrize("hidden", [(), (32,)])
def test_the_members_spread_off_the_data(hidden: tuple[int, ...]) -> None:
    learner, of, _ = fitted(hidden=hidden, members=64)
    members = learner.signals(of.items(), frozenset({MEMBERS}))[MEMBERS]
    spread = members.std(axis=1)
    assert spread[:8].mean() > 2 * spread[MIDDLE].mean()
    assert spread[-8:].mean() > 2 * spread[MIDDLE].mean()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_members_have_gpytorchs_mean_and_covariance(weighted: bool) -> None:
    import gpytorch

    of, y = waves(40)
    rows = np.arange(5, 35, 2)
    w = np.linspace(0.5, 3, len(rows)) if weighted else None
    learner = GPLearner(of, Number(), hidden=(), members=3000, steps=60, lr=5e-2)
    learner.fit(labels(of, rows, y, w), seed=0)
    kept, (shift, scale) = learner._kept, learner._scale
    x = (learner._inputs(np.arange(40)) - kept["shift"]) / kept["spread"]
    z = torch.as_tensor((y[rows] - shift) / scale)
    noise = kept["noise"] / torch.as_tensor(np.ones(len(rows)) if w is None else w)
    likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(noise).double()

    class Exact(gpytorch.models.ExactGP):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(x[rows], z, likelihood)
            self.mean_module = gpytorch.means.ConstantMean().double()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel(ard_num_dims=1)).double()

        def forward(self, at: torch.Tensor) -> Any:
            return gpytorch.distributions.MultivariateNormal(self.mean_module(at), self.covar_module(at))

    peer = Exact().double()
    peer.mean_module.constant.data = kept["mean"].clone()
    peer.covar_module.outputscale = kept["outputscale"]
    peer.covar_module.base_kernel.lengthscale = kept["lengthscale"]
    peer.eval()
    with torch.no_grad():
        theirs = peer(x)
        mean, covariance = theirs.mean.numpy() * scale + shift, theirs.covariance_matrix.numpy() * scale**2
    told = learner.signals(of.items(), frozenset({PREDICTION, MEMBERS}))
    assert np.allclose(told[PREDICTION], mean, rtol=1e-5)
    assert np.allclose(told[MEMBERS].mean(axis=1), mean, atol=0.6)
    assert np.allclose(np.cov(told[MEMBERS]), covariance, atol=0.12 * covariance.max())


def test_bitwise_same_after_saving_and_for_the_same_seed(tmp_path: Path) -> None:
    learner, of, y = fitted(steps=10)
    learner.save(tmp_path)
    other = GPLearner(of, Number())
    other.load(tmp_path)
    again, _, _ = fitted(steps=10)
    first = learner.signals(of.items(), learner.provides)
    for told in (other.signals(of.items(), learner.provides), again.signals(of.items(), learner.provides)):
        assert all(np.array_equal(first[s], told[s]) for s in learner.provides)
    report = again.fit(labels(of, MIDDLE, y), seed=1)
    assert report.labels == 60
    assert report.model != learner.fit(labels(of, MIDDLE, y), seed=2).model
    assert {p.suffix for p in tmp_path.iterdir()} == {".safetensors", ".json"}


def test_items_stand_for_themselves_and_scoring_moves_nothing() -> None:
    learner, of, _ = fitted(steps=10)
    before = print_of_generators()
    whole = learner.signals(of.items(), learner.provides)
    order = np.random.default_rng(0).permutation(120)
    for rows in (order, np.array([7])):
        told = learner.signals(of.items(rows), learner.provides)
        assert all(np.allclose(whole[s][rows], told[s], rtol=1e-6, atol=1e-6) for s in learner.provides)
    assert print_of_generators() == before
    assert learner.signals(of.items(np.array([], dtype=np.int64)), frozenset({MEMBERS}))[MEMBERS].shape == (0, 16)


def test_one_label_and_constant_answers() -> None:
    of, y = waves()
    learner = GPLearner(of, Number(), steps=5)
    learner.fit(labels(of, [3], y), seed=0)
    assert np.isfinite(learner.signals(of.items(), frozenset({MEMBERS}))[MEMBERS]).all()
    learner.fit(labels(of, [3, 4, 5], np.ones(120)), seed=0)
    assert np.allclose(learner.signals(of.items(np.array([4])), frozenset({PREDICTION}))[PREDICTION], 1.0)


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of, y = waves()
    learner = GPLearner(of, Number(), members=0)
    with pytest.raises(StateError, match="not fitted yet"):
        learner.signals(of.items(), learner.provides)
    with pytest.raises(StateError, match="nothing to save"):
        learner.save(tmp_path)
    with pytest.raises(StateError, match="no item is labelled"):
        learner.fit(labels(of, np.array([], dtype=np.int64), y), seed=0)
    with pytest.raises(ArgumentError, match="predicts numbers, and the schema is SingleLabel"):
        GPLearner(of, THREE)
    with pytest.raises(ArgumentError, match="steps must be at least 1, got 0"):
        GPLearner(of, Number(), steps=0)
    able, _, _ = fitted(steps=2)
    with pytest.raises(ArgumentError, match="does not provide probs"):
        able.signals(of.items(), frozenset({PROBS}))
    able.save(tmp_path)
    with pytest.raises(DataError, match="another learner: hidden \\[64\\], width 8, members 16"):
        learner.load(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "gpytorch", None)
    with pytest.raises(ResourceError, match=r"gpytorch is needed for a Gaussian process .*querist\[bayes\]"):
        GPLearner(of, Number())


def test_the_output_of_a_real_power_plant_is_predicted_with_its_doubt() -> None:
    """200 labels: an error of .32 to .41 of the deviation of the answers in four fits; 74 to 88 % within two deviations."""
    of, y = table("power_plant", 600)
    learner = GPLearner(of, Number())
    learner.fit(labels(of, np.arange(200), y), seed=0)
    rest = np.arange(200, 600)
    told = learner.signals(of.items(rest), learner.provides)
    off = np.abs(told[PREDICTION] - y[rest])
    assert np.sqrt(np.mean(off**2)) < 0.5 * y[rest].std()
    assert 0.6 < np.mean(off < 2 * np.sqrt(told[NOISE] + told[MEMBERS].var(axis=1))) < 0.99
