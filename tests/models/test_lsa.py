"""Features of texts: deterministic, unit rows, near for texts that share words."""

from __future__ import annotations

import numpy as np

from querist.models.lsa import lsa_features

TEXTS = ["the cat sat", "the cat ran", "a dog barked", "a dog slept", "stocks fell today", "stocks rose today"]


def test_rows_of_unit_length_and_near_where_words_are_shared() -> None:
    x = lsa_features(TEXTS, width=4)
    assert x.shape == (6, 4)
    assert np.allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    close = x @ x.T
    assert close[0, 1] > close[0, 2]
    assert close[4, 5] > close[4, 0]


def test_deterministic_and_small() -> None:
    assert (lsa_features(TEXTS) == lsa_features(TEXTS)).all()
    assert lsa_features(["one"]).shape[0] == 1
