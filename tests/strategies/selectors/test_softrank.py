"""`softrank`: text form, scores and no score; its distribution is tested in test_stochastic.py."""

from __future__ import annotations

import numpy as np

import querist
from querist.strategies.selectors.softrank import Softrank


def test_text_and_defaults() -> None:
    assert str(Softrank()) == "softrank"
    assert str(Softrank(beta=2.0)) == "softrank(beta=2.0)"
    assert querist.parse("softrank(2.0)") == Softrank(beta=2.0)


def test_scores_are_the_ratings_of_the_drawn() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    chosen = querist.select("margin >> softrank(beta=3.0)", 5, probs=p, seed=1)
    assert np.allclose(chosen.scores, querist.score("margin", probs=p)[chosen.indices])
    assert len(set(chosen.indices.tolist())) == 5
    other = querist.select("margin >> softrank(beta=3.0)", 5, probs=p, seed=2)
    assert other.indices.tolist() != chosen.indices.tolist()


def test_a_large_beta_is_top_k() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 12)
    top = querist.select("margin", 1, probs=p).indices.tolist()
    assert querist.select("margin >> softrank(beta=1e4)", 1, probs=p).indices.tolist() == top
