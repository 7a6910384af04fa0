"""Small trained networks and what their fit left behind."""

from __future__ import annotations

from typing import Any

import torch

from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.models.stochastic.posterior import Fitted, Posterior


def groups(count: int = 90, classes: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """(count, 4) points around three centres and their classes."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.arange(count) % classes
    return 2 * torch.eye(classes, 4)[y] + torch.randn(count, 4, generator=draw), y


def fit(
    posterior: Posterior,
    x: torch.Tensor,
    y: torch.Tensor,
    kind: str = "single",
    epochs: int = 30,
    outputs: int = 3,
    seed: int = 0,
    weights: torch.Tensor | None = None,
) -> tuple[Any, dict[str, torch.Tensor]]:
    """Train as a learner does; the first network and what the posterior keeps."""
    watcher = posterior.watch()
    modules = []
    with rng_kept(seed):
        for n in range(posterior.networks):
            net = MLP(4, outputs, hidden=(16,), dropout=0.2)
            posterior.check(net)
            optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
            for epoch in range(epochs):
                net.train()
                for start in range(0, len(x), 30):
                    out, target = net(x[start : start + 30]), y[start : start + 30]
                    loss = (
                        torch.nn.functional.cross_entropy(out, target)
                        if kind == "single"
                        else (
                            torch.nn.functional.binary_cross_entropy_with_logits(out, target)
                            if kind == "multi"
                            else (out[:, 0] - target).square().mean()
                        )
                    )
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                if watcher is not None and n == 0:
                    watcher.on_epoch(net, epoch, epochs)
            modules.append(net.eval())
    head = last_linear(modules[0])
    assert head is not None
    with torch.no_grad(), tapped(modules[0], None) as tap:
        modules[0](x)
        hidden = tap.value
    fitted = Fitted(modules, watcher, hidden, y, weights, head, kind, seed)
    return modules[0], posterior.finish(fitted)
