"""`graph_density`: dense rows first, their neighbours later; bad parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_by_hand() -> None:
    x = np.array([[0.0], [1.0], [3.0]])
    chosen = querist.select("graph_density(k=1, sigma=1.0)", 3, embedding=x)
    one, two = np.exp(-0.5), np.exp(-2.0)  # edges 0 - 1 and 1 - 2
    assert chosen.indices[0] == 0
    assert chosen.scores[0] == pytest.approx(one)
    assert chosen.indices.tolist() == [0, 2, 1]
    assert chosen.scores[1] == pytest.approx(two)
    assert chosen.scores[2] == pytest.approx((one + two) / 2 - one - two)


def either(role: str, signals: dict[str, np.ndarray]) -> Any:
    return {role: signals}


def test_labelled_and_pending_count_alike() -> None:
    x = np.concatenate([np.arange(10) * 0.1, 50 + np.arange(10) * 0.2])[:, None]
    free = querist.select("graph_density(k=4)", 1, embedding=x).indices[0]
    assert free < 10
    for role in ("labelled", "pending"):
        chosen = querist.select("graph_density(k=4)", 1, embedding=x, **either(role, {"embedding": x[:10] + 0.01}))
        assert chosen.indices[0] >= 10


def test_bad_parameters() -> None:
    for text, words in (("k=0", "k must"), ("sigma=0", "sigma must be a number > 0")):
        with pytest.raises(ArgumentError, match=words):
            querist.parse(f"graph_density({text})")
