"""What holds for every posterior."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.stochastic.fits import fit, groups
from querist.core.ports import Learner
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.guard import untouched
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Posterior, Watcher
from querist.models.stochastic.snapshots import Snapshots
from querist.models.stochastic.swag import SWAG
from querist.testing.learners import LEARNER_CHECKS, check_learner
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import print_of_generators, print_of_module

ALL: list[Posterior] = [
    MCDropout(4),
    Ensemble(3),
    Snapshots(4),
    SWAG(4, rank=3),
    LastLayerLaplace(4),
    LastLayerLaplace(4, full_up_to=0),
]
each = pytest.mark.parametrize("posterior", ALL, ids=repr)


def outputs(
    posterior: Posterior, net: torch.nn.Module, tensors: dict[str, torch.Tensor], x: torch.Tensor
) -> torch.Tensor:
    """(S, N, C) of the samples."""
    out = []
    for s in range(posterior.samples):
        with posterior.member(net, tensors, s, 7), untouched(net), torch.inference_mode():
            out.append(net(x).clone())
    return torch.stack(out)


@each
def test_a_sample_is_one_network_and_leaves_the_network_as_it_was(posterior: Posterior, tmp_path: Path) -> None:
    x, y = groups()
    net, tensors = fit(posterior, x, y)
    before, generators = print_of_module(net), print_of_generators()
    whole = outputs(posterior, net, tensors, x)
    assert print_of_module(net) == before
    assert print_of_generators() == generators
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(outputs(posterior, net, tensors, x[order]), whole[:, order], atol=1e-5)
    assert torch.allclose(outputs(posterior, net, tensors, x[:1]), whole[:, :1], atol=1e-5)
    assert torch.equal(outputs(posterior, net, tensors, x), whole)
    gaps = [(whole[i] - whole[j]).abs().max() for i in range(len(whole)) for j in range(i)]
    assert min(gaps) > 1e-4  # no two samples are one network
    if tensors:
        save_file(tensors, tmp_path / "kept.safetensors")
        assert torch.equal(outputs(posterior, net, load_file(tmp_path / "kept.safetensors"), x), whole)


@each
def test_the_same_fit_keeps_the_same(posterior: Posterior) -> None:
    x, y = groups()
    first, second = fit(posterior, x, y, epochs=8)[1], fit(posterior, x, y, epochs=8)[1]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[k], second[k]) for k in first)


@each
def test_numbers_and_several_labels(posterior: Posterior) -> None:
    x, y = groups()
    net, tensors = fit(posterior, x, x[:, 0] - x[:, 1], "number", outputs=1)
    assert outputs(posterior, net, tensors, x).shape == (posterior.samples, 90, 1)
    several = torch.stack([y == 0, y != 1, y == 2], dim=1).float()
    net, tensors = fit(posterior, x, several, "multi")
    assert torch.isfinite(outputs(posterior, net, tensors, x)).all()


@each
def test_one_label_is_enough(posterior: Posterior) -> None:
    x, y = groups(1)
    net, tensors = fit(posterior, x, y, epochs=8)
    assert torch.isfinite(outputs(posterior, net, tensors, x)).all()


@each
def test_they_are_posteriors(posterior: Posterior) -> None:
    assert isinstance(posterior, Posterior)
    watcher = posterior.watch()
    assert watcher is None or isinstance(watcher, Watcher)
    assert hash(posterior) == hash(type(posterior)(**vars(posterior)))


@each
def test_a_learner_with_it_keeps_the_contract(posterior: Posterior) -> None:
    def make(of: Source, schema: Schema) -> Learner:
        recipe = Recipe(epochs=6, lr=2e-2)
        return TorchLearner(lambda: MLP(4, 3, hidden=(16,), dropout=0.1), of, schema, members=posterior, recipe=recipe)

    assert len(check_learner(make)) == len(LEARNER_CHECKS)
