"""Simplified graph convolution: features propagated once, then one linear layer.

Wu, Zhang, de Souza, Fifty, Yu and Weinberger, Simplifying Graph Convolutional Networks, 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querist.core.optional import torch as _torch
from querist.models.graph_input import mix

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["SGC"]


class SGC(torch.nn.Module):
    """Logits (S^hops X) W + b. What needs no weights, S^hops X, is computed once by `prepare`.

    Args:
        inputs: width of the features.
        outputs: number of logits.
        hops: how often features are mixed with those of neighbours.
        dropout: probability on the propagated features.
    """

    takes: ClassVar[str] = "adjacency"
    sparse: ClassVar[bool] = True

    def __init__(self, inputs: int, outputs: int, hops: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        self.hops = hops
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(inputs, outputs)

    def prepare(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, inputs) propagated features, dense."""
        rows = x.to_dense() if x.layout != torch.strided else x
        for _ in range(self.hops):
            rows = mix(adjacency, rows)
        return rows

    def classify(self, prepared: torch.Tensor) -> torch.Tensor:
        """Rows of what `prepare` gave to logits."""
        logits: torch.Tensor = self.head(self.dropout(prepared))
        return logits

    def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, inputs) and S to logits (N, outputs)."""
        return self.classify(self.prepare(x, adjacency))
