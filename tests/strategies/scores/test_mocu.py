"""Errors that an answer is expected to save."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

SPLIT = [[1.0, 0.0], [0.0, 1.0]]
LEANING = [[0.9, 0.1], [0.6, 0.4]]
M = np.array([SPLIT, LEANING])


def test_hand_computed() -> None:
    """An answer at item 0 names the member: the guess at item 0 is then right instead of by chance, 1/2 error saved; the
    guess at item 1 stays class 0 whatever the answer. An answer at item 1 leaves member weights 3 : 2 or 1 : 4.
    """
    got = score("mocu", members=M, reference={"members": M})
    second = 0.75 * 0.6 + 0.25 * 0.8 - 0.5
    np.testing.assert_allclose(got, [0.25, second / 2], atol=1e-12)
    np.testing.assert_allclose(score("mocu", members=M, reference={"members": M[1:]}), 0.0, atol=1e-12)


def test_reason() -> None:
    assert select("mocu", 1, members=M, reference={"members": M}).reasons == (
        "an answer saves 0.5 errors on 2 reference items",
    )
