"""A logistic regression that tells known rows from others, stopped before it is sure of everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Discriminator", "fit_discriminator"]


class Discriminator:
    """Weights of a logistic regression on standardised features; `logits` are those of "not known"."""

    def __init__(self, mean: NDArray[np.float64], scale: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        self.mean, self.scale, self.weights = mean, scale, weights

    def logits(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """(N,) log odds that a row is none of the known: (N, D) -> (N,)."""
        out = np.empty(len(h))
        step = max(16, (1 << 19) // max(h.shape[1], 1))
        for start in range(0, len(h), step):
            x = (np.asarray(h[start : start + step], dtype=np.float64) - self.mean) / self.scale
            out[start : start + step] = x @ self.weights[:-1] + self.weights[-1]
        return out


def fit_discriminator(
    known: NDArray[Any], other: NDArray[Any], *, accuracy: float = 0.98, epochs: int = 200
) -> Discriminator:
    """Full-batch accelerated gradient descent on the cross entropy, both classes weighing alike.

    It stops at the first epoch whose accuracy on these very rows is above ``accuracy``: a discriminator that fits to the
    end gives all other rows the same certainty, and their order would be noise.

    Args:
        known: (L, D) rows of label 0.
        other: (U, D) rows of label 1.
        accuracy: where to stop.
        epochs: steps at most.
    """
    x = np.concatenate([np.asarray(known, dtype=np.float64), np.asarray(other, dtype=np.float64)])
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale <= 1e-12 * np.abs(x).max(axis=0, initial=0.0)] = np.inf  # a constant feature tells nothing
    scale[scale == 0.0] = np.inf
    x = np.column_stack([(x - mean) / scale, np.ones(len(x))])
    target = np.concatenate([np.zeros(len(known)), np.ones(len(other))])
    share = np.concatenate([np.full(len(known), 0.5 / len(known)), np.full(len(other), 0.5 / len(other))])
    step = 4.0 / float(np.linalg.eigvalsh((x * share[:, None]).T @ x)[-1])  # the curvature is a quarter of it at most
    weights, ahead = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for turn in range(epochs):
        odds = x @ ahead
        chance = 0.5 * (1.0 + np.tanh(0.5 * odds))
        before, weights = weights, ahead - step * (x.T @ (share * (chance - target)))
        ahead = weights + turn / (turn + 3.0) * (weights - before)
        if float((((x @ weights) > 0) == (target > 0)).mean()) > accuracy:
            break
    return Discriminator(mean, scale, weights)
