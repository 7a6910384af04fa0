"""Temperature scaling: one number that makes a classifier more or less sure of everything.

Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017, section 4.2. The loss is convex
in 1 / T, so that its derivative is halved down to the one root.
"""

from __future__ import annotations

import numpy as np

from querist.core.types import Array

__all__ = ["best_temperature", "scaled"]

_LEAST, _MOST = 0.05, 20.0
_TINY = 1e-30


def best_temperature(probs: Array, targets: Array, weights: Array | None = None) -> float:
    """The T from 0.05 to 20 under which held-out labels are most probable.

    Args:
        probs: (n, C) probabilities told of items that the model was not fitted on.
        targets: (n,) class numbers or (n, C) shares.
        weights: (n,) of the items, or None.

    Returns:
        T; above 1 where the model is too sure. 1 without items.
    """
    logits = _logits(probs)
    if not len(logits):
        return 1.0
    y = np.asarray(targets)
    shares = np.eye(logits.shape[1])[y] if y.ndim == 1 else y
    w = np.ones(len(logits)) if weights is None else np.asarray(weights, dtype=np.float64)
    wanted = float(w @ (shares * logits).sum(axis=1))

    def slope(inverse: float) -> float:
        """Derivative of the loss by 1 / T."""
        told = float(w @ (_softmax(inverse * logits) * logits).sum(axis=1))
        return told - wanted

    low, high = 1 / _MOST, 1 / _LEAST
    if slope(low) >= 0:
        return _MOST
    if slope(high) <= 0:
        return _LEAST
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return float((low * high) ** -0.5)


def scaled(probs: Array, temperature: float) -> Array:
    """Probabilities (..., C) of the same shape and type, their logarithms divided by ``temperature``."""
    given = np.asarray(probs)
    if temperature == 1:
        return given
    return _softmax(_logits(given) / temperature).astype(given.dtype)


def _logits(probs: Array) -> Array:
    """Logits up to a constant."""
    return np.log(np.maximum(np.asarray(probs, dtype=np.float64), _TINY))


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    out: Array = powers / powers.sum(axis=-1, keepdims=True)
    return out
