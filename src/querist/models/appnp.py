"""Predict, then propagate: a small network for each node, its outputs spread by personalised PageRank.

Gasteiger, Bojchevski and Günnemann, Predict then Propagate: Graph Neural Networks meet Personalized PageRank, 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querist.core.optional import torch as _torch
from querist.models.graph_input import FeatureDropout, mix

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["APPNP"]


class APPNP(torch.nn.Module):
    """Z <- (1 - alpha) S Z + alpha H, ``hops`` times from Z = H (equation 5), H being a network of one hidden layer.

    Spreading is linear, so that hidden rows are spread before the last layer, which makes them the embedding; in training
    the narrower logits are spread, which is the same but for the bias, added after. Edges are not dropped.

    Args:
        inputs: width of the features.
        outputs: number of logits.
        hidden: width of the hidden layer.
        hops: steps of propagation.
        alpha: share of the node's own, from above 0 to 1.
        dropout: probability on the features and on the hidden layer.
    """

    takes: ClassVar[str] = "adjacency"
    sparse: ClassVar[bool] = True

    def __init__(
        self, inputs: int, outputs: int, hidden: int = 64, hops: int = 10, alpha: float = 0.1, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.hops, self.alpha = hops, alpha
        self.drop_features = FeatureDropout(dropout)
        self.first = torch.nn.Linear(inputs, hidden)
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(hidden, outputs)

    def spread(self, rows: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, D) rows mixed along the edges."""
        out = rows
        for _ in range(self.hops):
            out = (1 - self.alpha) * mix(adjacency, out) + self.alpha * rows
        return out

    def encode(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, hidden) rows before they are spread."""
        x = self.drop_features(x)
        rows: torch.Tensor = torch.relu(x @ self.first.weight.T + self.first.bias)
        return rows

    def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        """(N, inputs) and S to logits (N, outputs)."""
        rows = self.dropout(self.encode(x, adjacency))
        if self.training:
            return self.spread(rows @ self.head.weight.T, adjacency) + self.head.bias
        logits: torch.Tensor = self.head(self.spread(rows, adjacency))
        return logits
