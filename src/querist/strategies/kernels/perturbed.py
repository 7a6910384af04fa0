"""What perturbing the model does to its predictions: deviations, disagreement, loss at the predicted label.

A row's result depends on the row alone (for `least_disagreement`: on the row and on whole shares of the pool), so that
reordering a pool changes no bit of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["deviations", "least_disagreement", "worst_loss"]

FLOOR = 1e-12
"""Below it a probability counts as this, so that its logarithm is finite."""


def deviations(probs: NDArray[Any], perturbed: NDArray[Any]) -> NDArray[Any]:
    """Change of the prediction under each perturbation, relative to the length of the prediction.

    Args:
        probs: (N, C) predictions.
        perturbed: (N, K, C) predictions under K perturbations.

    Returns:
        (N, K * C) of (perturbed - probs) / |probs|, in the precision of ``perturbed``.
    """
    n, k, c = perturbed.shape
    short = perturbed.dtype.kind == "f" and perturbed.dtype.itemsize <= 4
    out = np.empty((n, k * c), dtype=np.float32 if short else np.float64)
    for rows, block in blocks(perturbed):
        base = np.asarray(probs[rows], dtype=np.float64)
        length = np.sqrt(np.vecdot(base, base))[:, None, None]
        out[rows] = ((block - base[:, None, :]) / length).reshape(len(base), k * c)
    return out


def least_disagreement(probs: NDArray[Any], perturbed: NDArray[Any]) -> NDArray[np.float64]:
    """Smallest share of the pool that a perturbed model labels otherwise, among those that relabel the item.

    Args:
        probs: (N, C) predictions; the first largest class is the label.
        perturbed: (N, K, C) predictions under K perturbations.

    Returns:
        (N,) in [0, 1]; 1 where no perturbation relabels the item.
    """
    flips = np.empty(perturbed.shape[:2], dtype=bool)
    for rows, block in blocks(perturbed):
        flips[rows] = block.argmax(axis=2) != np.asarray(probs[rows]).argmax(axis=1)[:, None]
    shares = flips.mean(axis=0, dtype=np.float64)
    return np.asarray(np.where(flips, shares, 1.0).min(axis=1, initial=1.0))


def worst_loss(probs: NDArray[Any], perturbed: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss at the predicted label: without a perturbation, and the largest under one.

    Args:
        probs: (N, C) predictions; the first largest class is the predicted label.
        perturbed: (N, K, C) predictions under K perturbations.

    Returns:
        (N,) -log p at the predicted label, and (N,) the largest of it over the perturbations, in nats.
    """
    plain, worst = np.empty(len(probs)), np.empty(len(probs))
    for rows, block in blocks(perturbed):
        base = np.asarray(probs[rows], dtype=np.float64)
        label = base.argmax(axis=1)
        own = np.take_along_axis(base, label[:, None], axis=1)[:, 0]
        under = np.take_along_axis(block, label[:, None, None], axis=2)[:, :, 0].min(axis=1, initial=1.0)
        plain[rows] = -np.log(np.maximum(own, FLOOR))
        worst[rows] = -np.log(np.maximum(under.astype(np.float64), FLOOR))
    return plain, worst
