"""`idds` on hand-made directions; bad parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError

X = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])


def test_by_hand() -> None:
    chosen = querist.select("idds(weight=0.5)", 2, embedding=X)
    assert chosen.indices[0] in (0, 1)
    assert chosen.scores[0] == pytest.approx(0.5 * 2 / 3)
    assert chosen.indices[1] == 2, "0.5 * 1/2 - 0 against 0.5 * 1/2 - 0.5"
    assert chosen.scores[1] == pytest.approx(0.25)


def either(role: str, signals: dict[str, np.ndarray]) -> Any:
    return {role: signals}


def test_labelled_and_pending_count_alike() -> None:
    for role in ("labelled", "pending"):
        chosen = querist.select("idds(weight=0.5)", 1, embedding=X, **either(role, {"embedding": X[:1]}))
        assert chosen.indices.tolist() == [2]
        assert chosen.scores == pytest.approx([0.5 / 3])


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        querist.parse("idds(weight=1.5)")
    with pytest.raises(ArgumentTypeError, match="got str"):
        querist.parse("idds(weight='a')")
