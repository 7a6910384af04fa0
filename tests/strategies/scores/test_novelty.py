"""Novelty by hand, and its refusal."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError

X = np.array([[0.0], [4.0], [10.0]])


def test_by_hand() -> None:
    known = {"embedding": np.array([[1.0]])}
    assert querist.score("novelty", embedding=X, labelled=known) == pytest.approx([1, 3, 9])
    assert querist.score("novelty", embedding=X, pending=known) == pytest.approx([1, 3, 9])
    both = querist.score("novelty", embedding=X, labelled=known, pending={"embedding": np.array([[9.0]])})
    assert both == pytest.approx([1, 3, 1])


def test_nothing_is_known() -> None:
    with pytest.raises(ArgumentError, match="at least one labelled or pending item") as error:
        querist.score("novelty", embedding=X)
    assert error.value.code == "MissingSignal"
