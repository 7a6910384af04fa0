"""`token_entropy` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    tokens = np.array([[[0.25, 0.75], [0.5, 0.5]]])
    first, second = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)), np.log(2)
    assert querist.score("token_entropy", tokens=tokens) == pytest.approx([(first + second) / 2])
    assert querist.score("token_entropy(how=max)", tokens=tokens) == pytest.approx([second])


def test_one_token_an_item_is_entropy() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    for how in ("mean", "sum", "max"):
        got = querist.score(f"token_entropy(how={how})", tokens=p[:, None])
        assert got == pytest.approx(querist.score("entropy", probs=p))
