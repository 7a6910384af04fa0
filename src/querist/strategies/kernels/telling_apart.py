"""A small network that tells two sets of points apart, stopped before it knows each of them by heart.

Three hidden layers, rectified; both sets weigh alike; Adam on mini-batches in float32. The rows are taken in the order
given, and shuffled by the generator: the same order and generator give the same network.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Discriminator", "fit"]

Array32: TypeAlias = NDArray[np.float32]

_BATCH = 256
_BLOCK = 1 << 14
_RATE, _MOMENTUM, _SQUARES, _TINY = 1e-3, 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class Discriminator:
    """A trained network.

    Args:
        layers: pairs (weights (A, B), offsets (B,)), the last with B = 1.
        shift: (D,) taken from the points first.
        scale: what the points are divided by then.
        accuracy: share of the training points on their own side, both sets weighing alike.
    """

    layers: tuple[tuple[Array32, Array32], ...]
    shift: Array32
    scale: float
    accuracy: float

    def probability(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Probability that a point belongs to the second set: (N, D) -> (N,)."""
        out = np.empty(len(x))
        for start in range(0, len(x), _BLOCK):
            block = (np.asarray(x[start : start + _BLOCK], dtype=np.float32) - self.shift) / np.float32(self.scale)
            logit = forward(self.layers, block)[-1][:, 0].astype(np.float64)
            out[start : start + len(block)] = _sigmoid(logit)
        return out


def fit(
    first: NDArray[Any],
    second: NDArray[Any],
    generator: np.random.Generator,
    *,
    epochs: int = 200,
    enough: float = 0.98,
) -> Discriminator:
    """Train until the accuracy passes ``enough``, or for ``epochs`` passes.

    Args:
        first: (L, D) points, at least one.
        second: (U, D) points, at least one.
        generator: of the starting weights and of the order of the points.
        epochs: most passes over the points.
        enough: accuracy at which it stops, so that a point near the first set is not called one of the second for sure.
    """
    x = np.concatenate([np.asarray(first, dtype=np.float32), np.asarray(second, dtype=np.float32)])
    y = np.repeat(np.array([0.0, 1.0], dtype=np.float32), [len(first), len(second)])
    weights = np.where(y > 0, len(x) / (2.0 * len(second)), len(x) / (2.0 * len(first))).astype(np.float32)
    shift = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    x -= shift
    scale = float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) or 1.0  # points that are all alike have no spread
    x /= np.float32(scale)
    width = 20 if x.shape[1] < 30 else 256
    layers = _start((x.shape[1], width, width, width, 1), generator)
    moments = [tuple((np.zeros_like(p), np.zeros_like(p)) for p in pair) for pair in layers]
    step, accuracy = 0, 0.0
    for _ in range(epochs):
        order = generator.permutation(len(x))
        for start in range(0, len(x), _BATCH):
            rows = order[start : start + _BATCH]
            step += 1
            for pair, held, grads in zip(
                layers, moments, gradients(layers, x[rows], y[rows], weights[rows]), strict=True
            ):
                for parameter, (mean, square), gradient in zip(pair, held, grads, strict=True):
                    _adam(parameter, mean, square, gradient, step)
        right = (forward(layers, x)[-1][:, 0] > 0) == (y > 0)
        accuracy = float((right * weights).sum(dtype=np.float64) / weights.sum(dtype=np.float64))
        if accuracy > enough:
            break
    return Discriminator(tuple(layers), shift, scale, accuracy)


def forward(layers: Any, x: Array32) -> list[Array32]:
    """What each layer gives, the input first and the logits (N, 1) last."""
    out = [x]
    for place, (weights, offsets) in enumerate(layers):
        value = out[-1] @ weights + offsets
        out.append(np.maximum(value, 0.0, out=value) if place < len(layers) - 1 else value)
    return out


def gradients(layers: Any, x: Array32, y: Array32, weights: Array32) -> list[tuple[Array32, Array32]]:
    """Gradient of the weighted mean log loss by each layer's weights and offsets."""
    values = forward(layers, x)
    delta = (weights * (_sigmoid(values[-1][:, 0]) - y) / np.float32(len(x))).astype(np.float32)[:, None]
    out: list[tuple[Array32, Array32]] = []
    for place in range(len(layers) - 1, -1, -1):
        below = values[place]
        out.append((below.T @ delta, delta.sum(axis=0)))
        if place:
            delta = (delta @ layers[place][0].T) * (below > 0)
    return out[::-1]


def _start(widths: tuple[int, ...], generator: np.random.Generator) -> list[tuple[Array32, Array32]]:
    """Weights drawn evenly within sqrt(6 / (A + B)), offsets 0."""
    out = []
    for a, b in pairwise(widths):
        most = float(np.sqrt(6.0 / (a + b)))
        out.append((generator.uniform(-most, most, (a, b)).astype(np.float32), np.zeros(b, dtype=np.float32)))
    return out


def _adam(parameter: Array32, mean: Array32, square: Array32, gradient: Array32, step: int) -> None:
    """One step of Adam, in place."""
    mean += np.float32(1.0 - _MOMENTUM) * (gradient - mean)
    square += np.float32(1.0 - _SQUARES) * (gradient * gradient - square)
    rate = np.float32(_RATE * np.sqrt(1.0 - _SQUARES**step) / (1.0 - _MOMENTUM**step))
    parameter -= rate * mean / (np.sqrt(square) + np.float32(_TINY))


def _sigmoid(logit: NDArray[Any]) -> NDArray[Any]:
    small = np.exp(-np.abs(logit))
    return np.asarray(np.where(logit >= 0, 1.0, small) / (1.0 + small))
