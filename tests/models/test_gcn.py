from __future__ import annotations

import warnings

import pytest
import torch

from querist.models.gcn import GCN
from rings import adjacency_tensor, csr_tensor, dense_s, edges_tensor, ring


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_is_the_published_sum(layers: int) -> None:
    graph, x = ring(), torch.randn(6, 4)
    net = GCN(4, 3, hidden=5, layers=layers).eval()
    s, rows = dense_s(graph), x
    for layer in net.layers:
        assert isinstance(layer, torch.nn.Linear)
        rows = torch.relu(s @ rows @ layer.weight.T + layer.bias)
    expected = s @ rows @ net.head.weight.T + net.head.bias
    for given in (x, csr_tensor(x.numpy())):
        assert torch.allclose(net(given, adjacency_tensor(graph)), expected, atol=1e-5)


def test_gradients_flow_to_every_weight_also_from_sparse_features() -> None:
    net = GCN(4, 3, dropout=0.2).train()
    net(csr_tensor(torch.randn(6, 4).numpy()), adjacency_tensor(ring())).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())


def test_it_is_that_of_pytorch_geometric() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        nn = pytest.importorskip("torch_geometric.nn", reason="the extra graph is not installed", exc_type=ImportError)
    graph, x = ring(), torch.randn(6, 4)
    net = GCN(4, 3, hidden=5).eval()
    first, second = nn.GCNConv(4, 5), nn.GCNConv(5, 3)
    for theirs, ours in ((first, net.layers[0]), (second, net.head)):
        theirs.lin.weight.data, theirs.bias.data = ours.weight.data, ours.bias.data
    edges = edges_tensor(graph)
    assert torch.allclose(net(x, adjacency_tensor(graph)), second(first(x, edges).relu(), edges), atol=1e-5)
