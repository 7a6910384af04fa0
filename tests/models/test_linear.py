from __future__ import annotations

import torch

from querist.models.embedding import last_linear, tapped
from querist.models.linear import LinearHead


def test_it_is_one_product_and_its_embedding_the_features() -> None:
    net = LinearHead(4, 3)
    x = torch.randn(5, 2, 2)
    with tapped(net, None) as tap:
        logits = net(x)
    assert last_linear(net) == "head"
    assert torch.equal(tap.value, x.reshape(5, 4))
    assert torch.allclose(logits, x.reshape(5, 4) @ net.head.weight.T + net.head.bias, atol=1e-6)
