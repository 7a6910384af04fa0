"""CoreMSE."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

M = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])


def test_hand_computed() -> None:
    """An answer at item 0 leaves one member: (1, 0) instead of (1/2, 1/2) there, a squared change of 1/2."""
    np.testing.assert_allclose(score("core_mse", members=M, reference={"members": M[:1]}), [0.5, 0.0], atol=1e-15)
    np.testing.assert_allclose(score("core_mse", members=M, reference={"members": M}), [0.25, 0.0], atol=1e-15)


def test_hand_computed_soft() -> None:
    """p(y|x) weighs the members 3 : 1; the mean at x' moves from 1/2 to 3/8 or 5/8, twice 1/64."""
    x, other = np.array([[[0.25, 0.75], [0.75, 0.25]]]), np.array([[[0.25, 0.75], [0.75, 0.25]]])
    np.testing.assert_allclose(score("core_mse", members=x, reference={"members": other}), [2 / 64], rtol=1e-12)


def test_reason() -> None:
    chosen = select("core_mse", 1, members=M, reference={"members": M})
    assert chosen.reasons == ("an answer moves the predictions of 2 items by 0.5 each (root mean square)",)
