"""Population variance of the members' numbers."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.strategies.arrays import score, select

M = np.array([[1.0, 3.0], [5.0, 5.0], [0.0, 6.0]])


def test_hand_computed() -> None:
    assert score("pred_variance", members=M).tolist() == [1.0, 0.0, 9.0]
    assert score("pred_variance", members=M[:, :1]).tolist() == [0.0, 0.0, 0.0]


def test_reason() -> None:
    assert select("pred_variance", 1, members=M).reasons == ("variance 9 over 2 members (standard deviation 3)",)


def test_members_of_a_classifier_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"regression, shape \(N, S\); got \(2, 3, 4\).*bald") as error:
        score("pred_variance", members=np.full((2, 3, 4), 0.25))
    assert error.value.code == "ShapeMismatch"
