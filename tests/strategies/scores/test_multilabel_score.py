"""What scores of several labels share."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, DataError
from querist.core.signals import MULTILABEL
from querist.strategies.scores.binary_minimum import BinaryMinimum


def test_needs() -> None:
    assert BinaryMinimum().needs.pool == {MULTILABEL}


@pytest.mark.parametrize("name", ["binary_minimum", "label_entropy", "mmc"])
def test_what_is_no_probability_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="multilabel must lie between 0 and 1"):
        querist.score(name, multilabel=np.array([[0.5, 1.5]]))
    with pytest.raises(ArgumentError, match="multilabel"):
        querist.score(name, probs=np.eye(2))
