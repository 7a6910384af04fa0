"""A first layer that standardises each feature, its statistics kept with the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from querist.core.optional import torch as _torch
from querist.core.types import Array

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["Standardise"]


class Standardise(torch.nn.Module):
    """(x - mean) / deviation for each feature; a feature that never varies becomes 0.

    Args:
        mean: (D,) means.
        deviation: (D,) standard deviations; 0 counts as 1.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, mean: Array, deviation: Array) -> None:
        super().__init__()
        whole = np.where(np.asarray(deviation) > 0, deviation, 1.0)
        self.register_buffer("mean", torch.as_tensor(np.asarray(mean), dtype=torch.float32))
        self.register_buffer("deviation", torch.as_tensor(whole, dtype=torch.float32))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(N, ...) to (N, D)."""
        scaled: torch.Tensor = (rows.flatten(1) - self.mean) / self.deviation
        return scaled
