"""`vote_k`: the middle of the largest group first, then another; bad parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def groups() -> np.ndarray:
    rng = np.random.default_rng(0)
    angles = np.concatenate([rng.normal(a, 0.05, 20) for a in (0.0, 1.5, 3.0)])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_it_goes_from_group_to_group() -> None:
    chosen = querist.select("vote_k(k=6)", 3, embedding=groups())
    assert sorted(chosen.indices // 20) == [0, 1, 2]


def either(role: str, signals: dict[str, np.ndarray]) -> Any:
    return {role: signals}


def test_labelled_and_pending_count_alike() -> None:
    x = groups()
    for role in ("labelled", "pending"):
        chosen = querist.select(
            "vote_k(k=6)", 2, embedding=x, **either(role, {"embedding": np.repeat(x[:3], 3, axis=0)})
        )
        assert sorted(chosen.indices // 20) == [1, 2]


def test_bad_parameters() -> None:
    for text, words in (("k=0", "k must"), ("rho=1.0", "rho must be a number > 1")):
        with pytest.raises(ArgumentError, match=words):
            querist.parse(f"vote_k({text})")
