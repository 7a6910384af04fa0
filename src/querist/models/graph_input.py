"""What the networks on graphs share: dropout of features that may be sparse, and the door to PyTorch Geometric.

A network on a graph gives logits of all nodes from all nodes: ``network(x, graph)``. Two attributes of its class say
what it is handed:

``takes``
    ``"adjacency"``: a sparse tensor S = D^-1/2 (A + I) D^-1/2 of shape (N, N), CSR; ``"edges"``, the default for
    networks that say nothing: (2, E) node numbers, each edge in both directions, as in PyTorch Geometric.
``sparse``
    whether ``x`` may be a sparse CSR tensor; False by default.

Two pairs of methods are used where a network has them: ``prepare(x, graph)``, what needs no weights and is computed once
for all fits, with ``classify(rows)`` from rows of it to logits; and ``encode(x, graph)``, the hidden rows that
`mask_features` trains without labels.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from querist.core.optional import need
from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["FeatureDropout", "mix", "pyg"]


def pyg() -> Any:
    """``torch_geometric.nn``, or an error that names the extra ``graph`` (code ``MissingExtra``)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import calls torch.jit.script
        return need("torch_geometric.nn", "graph", "sage and gat")


class _Mix(torch.autograd.Function):
    """S H whose gradient is S G: S is symmetric, and to transpose a sparse tensor would cost more than the product."""

    @staticmethod
    def forward(ctx: Any, adjacency: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(adjacency)
        return adjacency @ rows

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[None, torch.Tensor]:
        return None, ctx.saved_tensors[0] @ gradients[0]


def mix(adjacency: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """S H for a symmetric S: (N, D) rows mixed with those of neighbours once."""
    return _Mix.apply(adjacency, rows)  # type: ignore[no-any-return,no-untyped-call]


class FeatureDropout(torch.nn.Module):
    """Dropout of the features of nodes, sparse or dense.

    In training each number is dropped by itself, of a sparse tensor the stored ones only. For MC dropout (`one_mask`)
    whole columns are, the same for all nodes, so that a sample is one network.

    Args:
        p: probability to drop.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.columns = torch.nn.Dropout(p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, D) to (N, D)."""
        if self.training:
            drop = torch.nn.functional.dropout
            if x.layout == torch.strided:
                return drop(x, self.p)
            return _with_values(x, drop(x.values(), self.p))
        kept = self.columns(torch.ones(1, x.shape[1], dtype=x.dtype, device=x.device))
        if bool((kept == 1).all()):
            return x
        return x * kept if x.layout == torch.strided else _with_values(x, x.values() * kept[0, x.col_indices()])


def _with_values(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return torch.sparse_csr_tensor(x.crow_indices(), x.col_indices(), values, x.shape, check_invariants=False)
