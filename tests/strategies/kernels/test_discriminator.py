"""The discriminator fits, and stops before it is sure."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist.strategies.kernels.discriminator import fit_discriminator

RNG = np.random.default_rng(0)
KNOWN, OTHER = RNG.normal(size=(40, 3)) * [1, 5, 0.1], RNG.normal(size=(160, 3)) * [1, 5, 0.1] + [1.5, 0, 0]


def test_run_to_its_end_it_is_a_balanced_logistic_regression() -> None:
    x, y = np.vstack([KNOWN, OTHER]), np.repeat([0, 1], [40, 160])
    scaled = (x - x.mean(0)) / x.std(0)
    want = LogisticRegression(C=1e8, class_weight="balanced", tol=1e-10, max_iter=10_000).fit(scaled, y)
    found = fit_discriminator(KNOWN, OTHER, accuracy=1.0, epochs=3_000)
    assert found.weights == pytest.approx([*want.coef_[0], want.intercept_[0]], abs=1e-3)
    assert found.logits(x) == pytest.approx(want.decision_function(scaled), abs=1e-2)


def test_it_stops_once_the_accuracy_is_high() -> None:
    far = OTHER + 50
    early = fit_discriminator(KNOWN, far)
    late = fit_discriminator(KNOWN, far, accuracy=1.0)
    assert np.abs(early.logits(far)).mean() < 0.2 * np.abs(late.logits(far)).mean()
    assert ((early.logits(far) > 0).mean() + (early.logits(KNOWN) < 0).mean()) / 2 > 0.95


def test_features_that_tell_nothing() -> None:
    alike = fit_discriminator(np.ones((3, 2)), np.ones((5, 2)))
    assert alike.logits(np.ones((4, 2))) == pytest.approx(np.zeros(4), abs=1e-12)
    zero = fit_discriminator(np.zeros((1, 2)), np.zeros((1, 2)))
    assert zero.logits(np.zeros((1, 2))).tolist() == [0.0]
