"""VAAL: the least labelled-looking first; refused by name without its signal."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, DataError


def test_by_hand() -> None:
    got = querist.select("vaal", 2, discriminator=np.array([0.9, 0.25, 0.5]))
    assert got.indices.tolist() == [1, 2]
    assert got.scores.tolist() == [0.75, 0.5]
    assert got.reasons[0] == "the discriminator takes it for labelled with probability 0.25"


def test_refused_by_name_without_its_signal() -> None:
    with pytest.raises(ArgumentError, match=r"needs vaal of a learner.*or pass discriminator=") as error:
        querist.select("vaal", 1, ids=["a", "b"])
    assert error.value.code == "NeedsCapability"


def test_it_is_a_probability() -> None:
    with pytest.raises(DataError, match="discriminator must lie between 0 and 1"):
        querist.select("vaal", 1, discriminator=np.array([0.5, 3.0]))
