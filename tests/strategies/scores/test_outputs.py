"""A history must hold probabilities where a score reads it as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, DataError


@pytest.mark.parametrize("text", ["st_conal", "snapshot(bald)"])
@pytest.mark.parametrize("shape", [(5, 3), (5, 0, 3), (5, 2, 0)])
def test_the_shape_is_checked(text: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match=r"needs a history of probabilities, shape \(N, T, C\)") as error:
        querist.score(text, history=np.ones(shape))
    assert error.value.code == "ShapeMismatch"


@pytest.mark.parametrize("text", ["st_conal", "snapshot"])
@pytest.mark.parametrize("history", [np.full((4, 2, 2), 0.6), np.array([[[1.5, -0.5]]]), np.ones((3, 1, 1)) * 4])
def test_logits_are_refused(text: str, history: Any) -> None:
    with pytest.raises(DataError, match="apply softmax first") as error:
        querist.score(text, history=history)
    assert error.value.code == "BadScores"
