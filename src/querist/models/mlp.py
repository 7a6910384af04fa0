"""A multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["MLP"]

_ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "gelu": "GELU", "silu": "SiLU"}


class MLP(torch.nn.Module):
    """Linear layers with an activation and dropout between them; gives logits.

    Args:
        inputs: width of the input; images are flattened.
        outputs: number of logits.
        hidden: widths of the hidden layers.
        dropout: probability after each activation.
        activation: relu, tanh, gelu or silu.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: Sequence[int] = (128,),
        dropout: float = 0.0,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        if activation not in _ACTIVATIONS:
            raise ArgumentError(
                f"activation must be one of {', '.join(_ACTIVATIONS)}; got {activation!r}", code="BadValue"
            )
        layers: list[torch.nn.Module] = [torch.nn.Flatten()]
        width = inputs
        for size in hidden:
            layers += [torch.nn.Linear(width, size), getattr(torch.nn, _ACTIVATIONS[activation])()]
            if dropout > 0:
                layers.append(torch.nn.Dropout(dropout))
            width = size
        self.features = torch.nn.Sequential(*layers)
        self.head = torch.nn.Linear(width, outputs)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(N, ...) to logits (N, outputs)."""
        logits: torch.Tensor = self.head(self.features(rows))
        return logits
