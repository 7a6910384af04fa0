"""`token_margin` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    tokens = np.array([[[0.25, 0.75, 0.0], [0.4, 0.3, 0.3]]])
    assert querist.score("token_margin", tokens=tokens) == pytest.approx([(0.5 + 0.9) / 2])
    assert querist.score("token_margin(how=max)", tokens=tokens) == pytest.approx([0.9])
    assert querist.select("token_margin", 1, tokens=tokens).reasons == (
        "mean closeness of two classes 0.70 of 2 tokens",
    )


def test_one_token_an_item_is_margin() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    assert querist.score("token_margin", tokens=p[:, None]) == pytest.approx(querist.score("margin", probs=p))
