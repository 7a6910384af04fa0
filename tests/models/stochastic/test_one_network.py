"""Which posteriors train one network, and which average over their samples."""

from __future__ import annotations

import pytest

from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Posterior
from querist.models.stochastic.snapshots import Snapshots
from querist.models.stochastic.swag import SWAG


@pytest.mark.parametrize(
    ("posterior", "networks", "mean"),
    [
        (Snapshots(), 1, True),
        (SWAG(), 1, True),
        (LastLayerLaplace(), 1, True),
        (MCDropout(), 1, False),
        (Ensemble(3), 3, True),
    ],
)
def test_networks_and_mean(posterior: Posterior, networks: int, mean: bool) -> None:
    assert isinstance(posterior, Posterior)
    assert (posterior.networks, posterior.mean) == (networks, mean)
