"""Images without a download: the main directions of small pixels (Turk and Pentland, Eigenfaces, 1991)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError
from querist.core.seeds import derive
from querist.core.types import Array
from querist.models.encoders.base import SAMPLE, Encoder

__all__ = ["Pixels"]


class Pixels(Encoder):
    """Small images to rows of ``width`` numbers, of equal spread in sum as a unit row.

    Args:
        width: most numbers an image.
        size: width and height in pixels that images come in.
        mode: "RGB" or "L" (grey).
        seed: of the decomposition.

    Raises:
        ArgumentError: another mode (code ``BadMode``).
    """

    kind = "pixels"

    def __init__(self, *, width: int = 128, size: int = 32, mode: Literal["RGB", "L"] = "RGB", seed: int = 0) -> None:
        super().__init__(width=width, seed=seed)
        if mode not in ("RGB", "L"):
            raise ArgumentError(f"mode must be 'RGB' or 'L', got {mode!r}", code="BadMode")
        self.size, self.mode = size, mode

    def settings(self) -> dict[str, Any]:
        """Width, size, mode and seed."""
        return {"width": self.width, "size": self.size, "mode": self.mode, "seed": self.seed}

    def fit(self, sample: Sequence[Any]) -> Self:
        """Learn mean and main directions from at most 20,000 images."""
        from sklearn.utils.extmath import randomized_svd

        pixels = self._flat(sample[:SAMPLE])
        mean = pixels.mean(axis=0)
        pixels -= mean
        components = max(1, min(self.width, len(pixels) - 1, pixels.shape[1] - 1))
        seed = derive(self.seed, "pixels") % 2**32
        _, spread, directions = randomized_svd(pixels, components, n_oversamples=10, n_iter=2, random_state=seed)
        total = float(np.sqrt((spread**2).sum() / max(len(pixels), 1)))
        self._arrays = {
            "mean": mean,
            "directions": np.ascontiguousarray(directions.T / max(total, 1e-6), dtype=np.float32),
        }
        return self

    def encode(self, batch: Sequence[Any]) -> NDArray[np.float32]:
        """The rows of (n, channels, size, size) pixels from 0 to 255."""
        return np.asarray((self._flat(batch) - self._arrays["mean"]) @ self._arrays["directions"], dtype=np.float32)

    def _flat(self, batch: Sequence[Any]) -> Array:
        given = np.asarray(batch)
        channels = 1 if self.mode == "L" else 3
        if given.shape[1:] != (channels, self.size, self.size):
            raise DataError(
                f"pixels of shape (n, {channels}, {self.size}, {self.size}) are needed, got {given.shape}",
                code="ShapeMismatch",
            )
        return given.reshape(len(given), -1).astype(np.float32) / np.float32(255.0)
