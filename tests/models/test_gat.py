from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from rings import csr_tensor, edges_tensor, ring

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("torch_geometric.nn", reason="the extra graph is not installed", exc_type=ImportError)

from querist.models.gat import GAT


def test_attention_over_neighbours_and_oneself() -> None:
    graph, x = ring(), torch.randn(6, 4)
    net = GAT(4, 3, hidden=5, heads=1, layers=1).eval()
    layer: Any = net.layers[0]
    rows = x @ layer.lin.weight.T
    pairs = (rows @ layer.att_dst[0, 0])[:, None] + (rows @ layer.att_src[0, 0])[None]
    loops = torch.as_tensor(graph.toarray(), dtype=torch.float32) + torch.eye(6)
    attention = torch.nn.functional.leaky_relu(pairs, 0.2).masked_fill(loops == 0, -torch.inf).softmax(dim=1)
    hidden = torch.nn.functional.elu(attention @ rows + layer.bias)
    expected = hidden @ net.head.weight.T + net.head.bias
    for given in (x, csr_tensor(x.numpy())):
        assert torch.allclose(net(given, edges_tensor(graph)), expected, atol=1e-5)


def test_heads_stand_side_by_side() -> None:
    net = GAT(4, 3)
    assert net.head.in_features == 64
    assert net(torch.randn(6, 4), edges_tensor(ring())).shape == (6, 3)
