"""Graph attention network, on the layers of PyTorch Geometric.

Veličković, Cucurull, Casanova, Romero, Liò and Bengio, Graph Attention Networks, 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querist.core.optional import torch as _torch
from querist.models.graph_input import FeatureDropout, pyg

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["GAT"]


class GAT(torch.nn.Module):
    """Layers of attention over neighbours with several heads, then a linear layer.

    Published is a last layer of attention whose outputs are the logits; here each layer of attention is hidden and a
    linear layer follows, so that there is an embedding in which the last layer is linear.

    Args:
        inputs: width of the features.
        outputs: number of logits.
        hidden: width of each head.
        heads: how many.
        layers: layers of attention.
        dropout: probability before each layer, and on the weights of attention (those not in MC dropout).

    Raises:
        ResourceError: PyTorch Geometric is not installed (code ``MissingExtra``).
    """

    takes: ClassVar[str] = "edges"
    sparse: ClassVar[bool] = True

    def __init__(
        self, inputs: int, outputs: int, hidden: int = 8, heads: int = 8, layers: int = 2, dropout: float = 0.6
    ) -> None:
        super().__init__()
        layer = pyg().GATConv
        widths = [inputs] + [hidden * heads] * layers
        self.drop_features = FeatureDropout(dropout)
        self.layers = torch.nn.ModuleList(layer(a, hidden, heads=heads, dropout=dropout) for a in widths[:-1])
        self.dropouts = torch.nn.ModuleList(torch.nn.Dropout(dropout) for _ in widths[:-1])
        self.head = torch.nn.Linear(widths[-1], outputs)

    def forward(self, x: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        """(N, inputs) and (2, E) to logits (N, outputs)."""
        rows = self.drop_features(x)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            rows = dropout(torch.nn.functional.elu(layer(rows, edges)))
        logits: torch.Tensor = self.head(rows)
        return logits
