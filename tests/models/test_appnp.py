from __future__ import annotations

import torch

from querist.models.appnp import APPNP
from rings import adjacency_tensor, csr_tensor, dense_s, ring


def test_outputs_are_spread_by_personalised_page_rank() -> None:
    graph, x = ring(), torch.randn(6, 4)
    net = APPNP(4, 3, hidden=5, hops=200, alpha=0.2).eval()
    hidden = torch.relu(x @ net.first.weight.T + net.first.bias)
    limit = 0.2 * torch.linalg.inv(torch.eye(6) - 0.8 * dense_s(graph))  # equation 4, in closed form
    expected = limit @ hidden @ net.head.weight.T + net.head.bias
    for given in (x, csr_tensor(x.numpy())):
        assert torch.allclose(net(given, adjacency_tensor(graph)), expected, atol=1e-4)


def test_training_spreads_logits_which_is_the_same() -> None:
    graph, x = adjacency_tensor(ring()), torch.randn(6, 4)
    net = APPNP(4, 3, dropout=0.0)
    assert torch.allclose(net.train()(x, graph), net.eval()(x, graph), atol=1e-5)
    net = APPNP(4, 3, hops=2, alpha=1.0).eval()
    assert torch.allclose(net(x, graph), net.head(net.encode(x, graph)), atol=1e-6)
