"""Committee scores refuse members that they cannot read."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.strategies.arrays import score
from querist.strategies.scores.committee import most_nats

NAMES = ("bald", "consensus_kl", "predictive_entropy", "variation_ratio", "vote_entropy")


@pytest.mark.parametrize("name", NAMES)
def test_members_of_a_regression(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"{name} needs members of a classifier.*got \(5, 3\).*pred_variance") as e:
        score(name, members=np.zeros((5, 3)))
    assert e.value.code == "ShapeMismatch"


@pytest.mark.parametrize("name", [*NAMES, "mean_std", "pred_variance"])
def test_no_member_at_all(name: str) -> None:
    shape = (5, 0) if name == "pred_variance" else (5, 0, 2)
    with pytest.raises(ArgumentError, match="at least one sample") as e:
        score(name, members=np.zeros(shape))
    assert e.value.code == "ShapeMismatch"


def test_most_nats() -> None:
    assert most_nats(10, 3) == "of at most 1.10 nats"
    assert most_nats(1, 5) == "of at most 0.00 nats"
