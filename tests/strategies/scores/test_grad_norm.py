"""Length of the gradient at the predicted label."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

GRADIENT = (np.array([[0.3, -0.4], [0.0, 0.0], [0.6, -0.8]]), np.array([[3.0, 4.0], [1.0, 1.0], [0.0, 2.0]]))


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("grad_norm", gradient=GRADIENT), [2.5, 0.0, 2.0])


def test_is_the_length_of_the_outer_product() -> None:
    rng = np.random.default_rng(0)
    a, h = rng.standard_normal((20, 3)), rng.standard_normal((20, 6))
    built = np.sqrt((np.einsum("nc,nd->ncd", a, h) ** 2).sum(axis=(1, 2)))
    np.testing.assert_allclose(score("grad_norm", gradient=(a, h)), built)


def test_reason() -> None:
    assert select("grad_norm", 1, gradient=GRADIENT).reasons == ("gradient of length 2.5 at the predicted label",)
