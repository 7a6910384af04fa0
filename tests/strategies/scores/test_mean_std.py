"""Mean over classes of the population standard deviation over members."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select

M = np.array([[[0.2, 0.8], [0.6, 0.4]], [[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [1.0, 0.0]]])


def test_hand_computed() -> None:
    np.testing.assert_allclose(score("mean_std", members=M), [0.2, 0.0, 0.5], atol=1e-15)


def test_divided_by_the_members_and_not_one_less() -> None:
    m = np.array([[[0.1, 0.9], [0.4, 0.6], [0.7, 0.3]]])
    np.testing.assert_allclose(score("mean_std", members=m), [np.sqrt(0.06)], rtol=1e-12)


def test_regression_gives_the_deviation_itself() -> None:
    numbers = np.array([[1.0, 3.0], [5.0, 5.0]])
    assert score("mean_std", members=numbers).tolist() == [1.0, 0.0]
    np.testing.assert_allclose(score("mean_std", members=numbers) ** 2, score("pred_variance", members=numbers))


def test_reason() -> None:
    assert select("mean_std", 1, members=M).reasons == ("2 members lie 0.5 apart (standard deviation)",)
