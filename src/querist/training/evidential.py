"""An evidential head for classes: the outputs are evidence, the parameters of a Dirichlet distribution over probabilities.

Source: Sensoy, Kaplan and Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty, 2018, equations 1,
2 and 5 and the annealed regulariser of section 4. Hemmer, Kühl and Schöffer, DEAL, 2020, asks by its vacuity. Evidence is
softplus of an output, where the paper has ReLU: an item never loses its gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from querist.core.optional import torch as _torch
from querist.core.types import Array

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["annealing", "concentration", "losses", "read"]


def annealing(epoch: int, turns: int = 10) -> float:
    """Weight of the regulariser in epoch ``epoch`` from 0: min(1, epoch / turns)."""
    return min(1.0, epoch / turns)


def concentration(outputs: Tensor) -> Tensor:
    """(n, C) parameters alpha = evidence + 1 of the Dirichlet distribution."""
    out: Tensor = _torch().nn.functional.softplus(outputs) + 1.0
    return out


def losses(outputs: Tensor, targets: Tensor, anneal: float = 1.0) -> Tensor:
    """Expected squared error of each item plus the annealed regulariser: (n,).

    Args:
        outputs: (n, C) outputs of the network.
        targets: (n,) class numbers or (n, C) shares.
        anneal: weight of the divergence of the misleading evidence from none at all, see `annealing`.
    """
    torch = _torch()
    alpha = concentration(outputs)
    if targets.ndim == 1:
        targets = torch.nn.functional.one_hot(targets, outputs.shape[1]).to(alpha.dtype)
    total = alpha.sum(dim=1, keepdim=True)
    p = alpha / total
    risk = ((targets - p).square() + p * (1 - p) / (total + 1)).sum(dim=1)  # equation 5
    if anneal == 0:
        return risk
    return risk + anneal * _from_uniform(targets + (1 - targets) * alpha)


def read(outputs: Tensor) -> dict[str, Array]:
    """What the head tells of each item.

    Returns:
        ``probs`` (n, C), the mean of the Dirichlet distribution; ``vacuity`` (n,) = C / sum of alpha, 1 without any
        evidence and near 0 with much; ``information`` (n,), the nats that the label tells about the probabilities (the
        entropy of the mean less the mean entropy).
    """
    torch = _torch()
    alpha = concentration(outputs.detach().cpu().double())
    total = alpha.sum(dim=1, keepdim=True)
    p = alpha / total
    entropy = -(p * p.log()).sum(dim=1)
    within = (p * (torch.digamma(total + 1) - torch.digamma(alpha + 1))).sum(dim=1)
    return {
        "probs": p.numpy(),
        "vacuity": (alpha.shape[1] / total[:, 0]).numpy(),
        "information": np.maximum((entropy - within).numpy(), 0.0),
    }


def _from_uniform(alpha: Tensor) -> Tensor:
    """(n,) Kullback-Leibler divergence of Dirichlet(alpha) from Dirichlet(1, ..., 1)."""
    torch = _torch()
    total = alpha.sum(dim=1, keepdim=True)
    classes = torch.tensor(float(alpha.shape[1]), device=alpha.device)
    normal = torch.lgamma(total[:, 0]) - torch.lgamma(classes) - torch.lgamma(alpha).sum(dim=1)
    out: Tensor = normal + ((alpha - 1) * (torch.digamma(alpha) - torch.digamma(total))).sum(dim=1)
    return out
