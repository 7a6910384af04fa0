"""laplace-torch behind our interface, against our own closed form; what needs the package skips where it is absent."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.stochastic.fits import fit, groups
from models.stochastic.test_laplace import covariance, left
from querist.core.errors import ArgumentError, ResourceError
from querist.core.optional import torch as mended
from querist.core.signals import MEMBERS, PROBS
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.laplace_torch import LaplaceTorch
from querist.models.stochastic.posterior import Fitted, HeadPosterior
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source


@pytest.fixture
def package() -> Any:
    """laplace-torch, whose own imports warn."""
    mended()
    return pytest.importorskip("laplace", reason="needs the extra laplace", exc_type=ImportError)


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def classes() -> Fitted:
    x, y = groups(40)
    with rng_kept(0):
        return left(MLP(4, 3, hidden=(5,)), x, y, "single")


def joined(theirs: torch.Tensor, rows: int, width: int) -> torch.Tensor:
    """Their order (all weights, then all biases) to ours (a row of weights with its bias)."""
    order = [c * width + d if d < width else rows * width + c for c in range(rows) for d in range(width + 1)]
    return theirs[order][:, order]


def test_the_full_covariance_is_that_of_our_closed_form(package: Any) -> None:
    fitted = classes()
    own = covariance(LastLayerLaplace(prior=0.7).finish(fitted)).double()
    theirs = joined(LaplaceTorch(prior=0.7).approximation(fitted).posterior_covariance, 3, 5)
    assert torch.allclose(own, theirs, atol=1e-5 * float(own.abs().max()))


def test_for_numbers_too(package: Any) -> None:
    x, _ = groups(40)
    with rng_kept(0):
        fitted = left(MLP(4, 1, hidden=(5,)), x, x[:, 0].double(), "number")
    own = covariance(LastLayerLaplace(prior=0.7, noise=0.3).finish(fitted)).double()
    theirs = LaplaceTorch(prior=0.7, noise=0.3).approximation(fitted).posterior_covariance
    assert torch.allclose(own, joined(theirs, 1, 5), atol=1e-5 * float(own.abs().max()))
    free = LaplaceTorch(prior=0.7).approximation(fitted)
    head: Any = fitted.modules[0].get_submodule("head")
    with torch.no_grad():
        error = head(fitted.hidden)[:, 0] - fitted.targets
    assert float(free.sigma_noise) ** 2 == pytest.approx(float(error.square().mean()))


def test_the_samples_spread_as_the_covariance_says_and_soft_targets_change_nothing(package: Any) -> None:
    fitted = classes()
    posterior = LaplaceTorch(4000, prior=0.7)
    told = posterior.finish(fitted)
    assert told["laplace_torch.weight"].shape == (4000, 3, 5)
    rows = torch.cat([told["laplace_torch.weight"], told["laplace_torch.bias"][:, :, None]], dim=2).reshape(4000, -1)
    own = covariance(LastLayerLaplace(prior=0.7).finish(fitted))
    assert torch.allclose(torch.cov(rows.T), own, atol=0.12 * float(own.abs().max()))
    head: Any = fitted.modules[0].get_submodule("head")
    mean = torch.cat([head.weight, head.bias[:, None]], dim=1).reshape(-1)
    assert torch.allclose(rows.mean(dim=0), mean, atol=0.1)
    shares = 0.9 * torch.nn.functional.one_hot(fitted.targets).float() + 0.1 / 3
    soft = Fitted(fitted.modules, None, fitted.hidden, shares, None, "head", "single", 0)
    assert all(torch.equal(v, told[k]) for k, v in posterior.finish(soft).items())


@pytest.mark.parametrize("structure", ["full", "kron", "diag"])
def test_each_structure_chooses_a_prior_and_doubts_more_off_the_data(package: Any, structure: Any) -> None:
    x, y = groups(90)
    posterior = LaplaceTorch(10, structure)
    net, tensors = fit(posterior, x, y)
    assert isinstance(posterior, HeadPosterior)
    again = fit(posterior, x, y)[1]
    assert all(torch.equal(v, again[k]) for k, v in tensors.items()), "same seed, same samples"

    def spread(at: torch.Tensor) -> float:
        said = []
        for s in range(10):
            with posterior.member(net, tensors, s, 0), torch.no_grad():
                said.append(net(at).softmax(dim=1))
        return float(torch.stack(said).std(dim=0).mean())

    assert spread(torch.full((20, 4), -6.0)) > spread(x[:20])


def test_in_a_learner_it_is_saved_without_pickle_and_read_bitwise(package: Any, tmp_path: Path) -> None:
    def make() -> TorchLearner:
        recipe = Recipe(epochs=20, lr=0.02)
        return TorchLearner(
            lambda: MLP(4, 3), source(), THREE, recipe=recipe, members=LaplaceTorch(6, "kron"), device="cpu"
        )

    learner = make()
    learner.fit(labels(learner.source, range(40)), seed=3)
    names = frozenset({PROBS, MEMBERS})
    view = learner.signals(all_of(learner.source), names)
    assert view[MEMBERS].shape == (len(learner.source), 6, 3)
    assert np.allclose(view[MEMBERS].mean(axis=1), view[PROBS])
    learner.save(tmp_path)
    assert {p.suffix for p in tmp_path.iterdir()} == {".safetensors", ".json"}
    other = make()
    other.load(tmp_path)
    told = other.signals(all_of(learner.source), names)
    assert all(np.array_equal(view[name], told[name]) for name in names)
    with pytest.raises(ArgumentError, match="these labels have weights; use members=LastLayerLaplace") as caught:
        learner.fit(labels(learner.source, range(20), weights=np.linspace(0.5, 1, 20)), seed=0)
    assert caught.value.code == "NeedsCapability"
    kept = learner.signals(all_of(learner.source), names)
    assert np.array_equal(kept[MEMBERS], view[MEMBERS]), "the model of before stays"


def test_without_the_package_it_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "laplace", None)
    importlib.invalidate_caches()
    with pytest.raises(ResourceError, match=r"laplace is needed .* pip install 'querist\[laplace\]'") as caught:
        TorchLearner(lambda: MLP(4, 3), source(), THREE, members=LaplaceTorch(), device="cpu")
    assert caught.value.code == "MissingExtra"


def test_what_is_out_of_range_or_has_no_last_layer_is_refused() -> None:
    cases: list[dict[str, Any]] = [{"samples": 0}, {"structure": "low rank"}, {"prior": 0.0}, {"noise": -1.0}]
    for wrong in cases:
        with pytest.raises(ArgumentError):
            LaplaceTorch(**wrong)
    with pytest.raises(ArgumentError, match="needs a linear layer at the end"):
        LaplaceTorch().check(torch.nn.Flatten())
