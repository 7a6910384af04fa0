"""Ways to posterior samples by the name that a specification gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field

from querist.assembly.tables import arguments, one_of, table
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.laplace_torch import LaplaceTorch
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Posterior
from querist.models.stochastic.snapshots import Snapshots
from querist.models.stochastic.swag import SWAG

__all__ = ["POSTERIORS", "POSTERIOR_TABLES", "Members", "posterior"]

POSTERIORS: Mapping[str, Callable[..., Posterior]] = {
    "mc_dropout": MCDropout,
    "ensemble": Ensemble,
    "snapshots": Snapshots,
    "swag": SWAG,
    "laplace": LastLayerLaplace,
    "laplace_torch": LaplaceTorch,
}
"""Value of ``kind`` in ``[model.members]`` to the record in Python."""

POSTERIOR_TABLES = tuple(table(made.__name__, made, fixed={"kind": name}) for name, made in POSTERIORS.items())

if TYPE_CHECKING:
    Members = int | BaseModel
else:
    Members = one_of("kind", POSTERIOR_TABLES, "mc_dropout", plain=Annotated[int, Field(ge=0)])
    """The type of ``model.members``: a number of MC dropout samples, or a table."""


def posterior(members: Any) -> int | Posterior:
    """What ``members`` of a specification means in Python."""
    if not isinstance(members, BaseModel):
        return int(members)
    given = arguments(members)
    return POSTERIORS[given.pop("kind")](**given)
