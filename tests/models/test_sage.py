from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from rings import csr_tensor, edges_tensor, ring

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    pytest.importorskip("torch_geometric.nn", reason="the extra graph is not installed", exc_type=ImportError)

from querist.models.sage import SAGE


def test_a_node_beside_the_mean_of_its_neighbours() -> None:
    graph, x = ring(), torch.randn(6, 4)
    net = SAGE(4, 3, hidden=5).eval()
    links = torch.as_tensor(graph.toarray(), dtype=torch.float32)
    mean = links / links.sum(dim=1, keepdim=True)
    rows = torch.relu(x @ net.first.weight.T + net.first.bias)
    layer: Any = net.layers[0]
    rows = torch.relu(mean @ rows @ layer.lin_l.weight.T + layer.lin_l.bias + rows @ layer.lin_r.weight.T)
    expected = torch.cat([rows, mean @ rows], dim=1) @ net.head.weight.T + net.head.bias
    for given in (x, csr_tensor(x.numpy())):
        assert torch.allclose(net(given, edges_tensor(graph)), expected, atol=1e-5)
    assert len(SAGE(4, 3, layers=3).layers) == 2
