from __future__ import annotations

import pytest
import torch

from models.stochastic.fits import groups
from querist.core.errors import ArgumentError
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.posterior import Fitted


def fitted(count: int) -> Fitted:
    x, y = groups(6)
    return Fitted([MLP(4, 3) for _ in range(count)], None, x, y, None, "head", "single", 0)


def test_sample_n_is_network_n() -> None:
    posterior, left = Ensemble(3), fitted(3)
    tensors = posterior.finish(left)
    x = torch.randn(5, 4)
    for s, module in enumerate(left.modules):
        wanted = module(x)
        with posterior.member(left.modules[0], tensors, s, 0):
            assert torch.equal(left.modules[0](x), wanted)
    assert posterior.samples == 3
    assert posterior.mean


def test_one_network_is_no_ensemble_and_a_missing_one_is_noticed() -> None:
    with pytest.raises(ArgumentError, match="networks must be a whole number of 2 or more"):
        Ensemble(1)
    with pytest.raises(ArgumentError, match="an ensemble of 3 was given 2 trained networks"):
        Ensemble(3).finish(fitted(2))
