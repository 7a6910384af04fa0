from __future__ import annotations

import torch

from querist.models.sgc import SGC
from rings import adjacency_tensor, csr_tensor, dense_s, ring


def test_it_is_linear_in_propagated_features() -> None:
    graph, x = ring(), torch.randn(6, 4)
    net = SGC(4, 3, hops=3).eval()
    s = dense_s(graph)
    expected = s @ s @ s @ x @ net.head.weight.T + net.head.bias
    for given in (x, csr_tensor(x.numpy())):
        assert torch.allclose(net(given, adjacency_tensor(graph)), expected, atol=1e-5)


def test_rows_of_what_was_prepared_can_be_classified_alone() -> None:
    graph, x = adjacency_tensor(ring()), torch.randn(6, 4)
    net = SGC(4, 3, dropout=0.5).eval()
    assert torch.allclose(net.classify(net.prepare(x, graph)[[2, 5]]), net(x, graph)[[2, 5]], atol=1e-6)
    assert torch.equal(SGC(4, 3, hops=0).prepare(x, graph), x)
