"""A linear head over frozen features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["LinearHead"]


class LinearHead(torch.nn.Module):
    """One linear layer; its input, the features themselves, is the embedding.

    Args:
        inputs: width of the features.
        outputs: number of logits.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.flatten = torch.nn.Flatten()
        self.head = torch.nn.Linear(inputs, outputs)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(N, inputs) to logits (N, outputs)."""
        logits: torch.Tensor = self.head(self.flatten(rows))
        return logits
