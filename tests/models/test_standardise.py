from __future__ import annotations

import numpy as np
import torch

from querist.models.standardise import Standardise


def test_each_feature_has_mean_zero_and_deviation_one() -> None:
    x = np.random.default_rng(0).normal([1.0, -50.0, 7.0], [2.0, 10.0, 0.0], size=(500, 3))
    layer = Standardise(x.mean(axis=0), x.std(axis=0))
    out = layer(torch.as_tensor(x, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(out.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=0), [1.0, 1.0, 0.0], atol=1e-5)


def test_the_statistics_are_saved_and_not_trained() -> None:
    layer = Standardise(np.array([1.0, 2.0]), np.array([3.0, 0.0]))
    assert list(layer.state_dict()) == ["mean", "deviation"]
    assert not list(layer.parameters())
    torch.testing.assert_close(layer(torch.tensor([[4.0, 5.0]])), torch.tensor([[1.0, 3.0]]))
    assert layer(torch.zeros(2, 1, 2)).shape == (2, 2)
