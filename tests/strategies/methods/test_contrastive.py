"""`contrastive` is the expression that it says it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import QueristError
from querist.strategies.arrays import select
from querist.strategies.methods.contrastive import Contrastive

RNG = np.random.default_rng(0)
P, E = RNG.dirichlet(np.ones(4), 60), RNG.standard_normal((60, 6))


@pytest.mark.parametrize(("name", "expression"), [("contrastive", "cal"), ("contrastive(k=2)", "cal(k=2)")])
def test_cal_then_top_k(name: str, expression: str) -> None:
    known = {"probs": P[:20], "embedding": E[:20]}
    signals: dict[str, Any] = {"probs": P[20:], "embedding": E[20:], "labelled": known}
    plain, named = select(expression, 9, **signals), select(name, 9, **signals)
    assert named.indices.tolist() == plain.indices.tolist()
    assert named.scores.tolist() == plain.scores.tolist()
    with pytest.raises(QueristError, match="k must be a whole number"):
        Contrastive(k=0)
