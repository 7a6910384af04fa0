from __future__ import annotations

import math

import pytest

from querist.core.errors import ArgumentError
from querist.models.stochastic.checks import above_zero, at_least, share


@pytest.mark.parametrize("bad", [0, 1.0, True, "3"])
def test_counts(bad: object) -> None:
    at_least("samples", 1, 1)
    with pytest.raises(ArgumentError, match="samples must be a whole number of 1 or more"):
        at_least("samples", bad, 1)


@pytest.mark.parametrize("bad", [0, -1.0, math.inf, math.nan, None])
def test_sizes(bad: object) -> None:
    above_zero("prior", 1e-9)
    with pytest.raises(ArgumentError, match="prior must be above 0 and finite"):
        above_zero("prior", bad)


@pytest.mark.parametrize("bad", [0.0, 1.1, math.nan, False])
def test_shares(bad: object) -> None:
    share("part", 1)
    with pytest.raises(ArgumentError, match="part must be a share above 0 and at most 1"):
        share("part", bad)
