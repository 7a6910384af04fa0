"""GraphSAGE with the mean of the neighbours, on the layers of PyTorch Geometric; on the whole graph, none sampled.

Hamilton, Ying and Leskovec, Inductive Representation Learning on Large Graphs, 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from querist.core.optional import torch as _torch
from querist.models.graph_input import FeatureDropout, pyg

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["SAGE"]


class SAGE(torch.nn.Module):
    """Layers H <- relu(W [H, mean of the neighbours' H] + b), the last one without relu; dropout before each.

    Features pass a linear layer of their own first: mixing rows of thousands of numbers along edges would take longer than
    all the rest. The input of the last layer, a node's hidden row beside the mean of its neighbours', is the embedding.

    Args:
        inputs: width of the features.
        outputs: number of logits.
        hidden: width of the hidden layers.
        layers: how many that mix, the last one included.
        dropout: probability before each layer.

    Raises:
        ResourceError: PyTorch Geometric is not installed (code ``MissingExtra``).
    """

    takes: ClassVar[str] = "edges"
    sparse: ClassVar[bool] = True

    def __init__(self, inputs: int, outputs: int, hidden: int = 64, layers: int = 2, dropout: float = 0.5) -> None:
        super().__init__()
        nn = pyg()
        self.drop_features = FeatureDropout(dropout)
        self.first = torch.nn.Linear(inputs, hidden)
        self.layers = torch.nn.ModuleList(nn.SAGEConv(hidden, hidden) for _ in range(layers - 1))
        self.dropouts = torch.nn.ModuleList(torch.nn.Dropout(dropout) for _ in range(layers))
        self.mean = nn.SimpleConv(aggr="mean", combine_root="cat")
        self.head = torch.nn.Linear(2 * hidden, outputs)

    def forward(self, x: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        """(N, inputs) and (2, E) to logits (N, outputs)."""
        rows = self.dropouts[0](torch.relu(self.drop_features(x) @ self.first.weight.T + self.first.bias))
        for layer, dropout in zip(self.layers, self.dropouts[1:], strict=True):
            rows = dropout(torch.relu(layer(rows, edges)))
        logits: torch.Tensor = self.head(self.mean(rows, edges))
        return logits
