"""Graph convolutional network, in plain torch.

Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks, 2017.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from querist.core.optional import torch as _torch
from querist.models.graph_input import FeatureDropout, mix

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["GCN"]


class GCN(torch.nn.Module):
    """Layers H <- relu(S H W + b), the last one without relu; dropout before each.

    The last layer is computed as (S H) W + b, so that S H, the hidden rows mixed with those of neighbours, is the
    embedding and the last layer is linear in it.

    Args:
        inputs: width of the features.
        outputs: number of logits.
        hidden: width of the hidden layers.
        layers: graph convolutions, the last one included.
        dropout: probability before each layer.
    """

    takes: ClassVar[str] = "adjacency"
    sparse: ClassVar[bool] = True

    def __init__(self, inputs: int, outputs: int, hidden: int = 16, layers: int = 2, dropout: float = 0.5) -> None:
        super().__init__()
        widths = [inputs] + [hidden] * (layers - 1) + [outputs]
        linear = [torch.nn.Linear(a, b) for a, b in pairwise(widths)]
        for layer in linear:  # as published
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        self.drop_features = FeatureDropout(dropout)
        self.layers = torch.nn.ModuleList(linear[:-1])
        self.dropouts = torch.nn.ModuleList(torch.nn.Dropout(dropout) for _ in linear[:-1])
        self.head = linear[-1]

    def encode(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, hidden) rows of the last hidden layer."""
        rows: torch.Tensor = self.drop_features(x)
        for k, layer in enumerate(self.layers):
            assert isinstance(layer, torch.nn.Linear)
            rows = self.dropouts[k - 1](rows) if k else rows
            rows = torch.relu(mix(adjacency, rows @ layer.weight.T) + layer.bias)
        return rows

    def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, inputs) and S to logits (N, outputs)."""
        rows = self.encode(x, adjacency)
        rows = self.dropouts[-1](rows) if len(self.dropouts) else rows
        if not len(self.dropouts) and rows.layout != torch.strided:
            rows = rows.to_dense()
        logits: torch.Tensor = self.head(mix(adjacency, rows))
        return logits
