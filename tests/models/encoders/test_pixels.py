"""Main directions of pixels: against a plain decomposition, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from querist.core.errors import ArgumentError, DataError
from querist.models.encoders.pixels import Pixels


def digits(count: int) -> Any:
    return (load_digits().images[:count] * 15.9).astype(np.uint8)[:, None]


def test_distances_are_those_of_the_centred_pixels() -> None:
    images = digits(200)
    rows = Pixels(width=63, size=8, mode="L").fit(images)(images).astype(np.float64)
    flat = images.reshape(200, -1) / 255.0
    flat = flat - flat.mean(axis=0)
    total = np.sqrt((flat**2).sum() / 200)  # a row has unit length in the mean of squares
    np.testing.assert_allclose((rows**2).sum() / 200, 1.0, rtol=1e-3)
    np.testing.assert_allclose(rows @ rows.T, flat @ flat.T / total**2, atol=5e-3)


def test_one_image_and_equal_images_are_no_fault() -> None:
    same: Any = np.full((3, 3, 32, 32), 7, dtype=np.uint8)
    for images in (same, same[:1]):
        rows = Pixels().fit(images)(images)
        np.testing.assert_allclose(rows, 0.0, atol=1e-6)


def test_other_shapes_and_modes_are_refused() -> None:
    encoder = Pixels(size=8, mode="L").fit(digits(20))
    with pytest.raises(DataError, match=r"n, 1, 8, 8"):
        encoder(list(np.zeros((2, 3, 8, 8), dtype=np.uint8)))
    with pytest.raises(ArgumentError, match="mode"):
        Pixels(mode="CMYK")  # type: ignore[arg-type]
