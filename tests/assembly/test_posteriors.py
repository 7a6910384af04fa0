"""Each posterior is reached by its name with the arguments that it has in Python."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from querist.assembly.posteriors import POSTERIOR_TABLES, POSTERIORS, posterior
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.swag import SWAG


@pytest.mark.parametrize("name", POSTERIORS)
def test_the_keys_are_the_arguments(name: str) -> None:
    made: Any = POSTERIORS[name]
    table = next(t for t in POSTERIOR_TABLES if t.model_fields["kind"].default == name)
    assert set(table.model_fields) == {"kind", *(f.name for f in dataclasses.fields(made))}
    assert posterior(table()) == made()


def test_a_number_is_left_for_dropout() -> None:
    assert posterior(7) == 7
    tables = {t.model_fields["kind"].default: t for t in POSTERIOR_TABLES}
    assert posterior(tables["ensemble"](networks=3)) == Ensemble(3)
    assert posterior(tables["swag"](samples=4, rank=2)) == SWAG(4, 2)
