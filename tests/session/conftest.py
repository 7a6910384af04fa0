"""Small sessions on points in the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist
from querist.assembly.session import Session

MakeSession = Callable[..., Session]


def plane(n: int = 60) -> tuple[Any, list[str], dict[str, str]]:
    """Two clouds: features, ids and true labels by id."""
    rng = np.random.default_rng(5)
    y = np.arange(n) % 2
    x = rng.normal(size=(n, 2)) + np.where(y[:, None] == 1, 1.5, -1.5)
    ids = [f"i{k}" for k in range(n)]
    return x, ids, {i: "ab"[c] for i, c in zip(ids, y.tolist(), strict=True)}


@pytest.fixture
def truth() -> dict[str, str]:
    return plane()[2]


@pytest.fixture
def make() -> MakeSession:
    def session(**more: Any) -> Session:
        x, ids, _ = plane()
        settings: dict[str, Any] = {"labels": ["a", "b"], "strategy": "margin", **more}
        return querist.Session(querist.read(x, ids=ids), LogisticRegression(), **settings)

    return session
