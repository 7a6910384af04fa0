"""Directions drawn towards all rows and pushed apart, by gradient steps in NumPy: the same on every run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.clusters import members_of

__all__ = ["gradient_of_spread", "spread", "units"]

_CELLS = 1 << 20


def units(x: NDArray[Any]) -> NDArray[Any]:
    """(N, D) rows of length 1; a zero row stays zero."""
    x = np.asarray(x)
    dtype = np.dtype(np.float32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else np.float64)
    out = np.array(x, dtype=dtype)
    largest = np.abs(out).max(axis=1, initial=0.0, keepdims=True)  # no overflow of the squares
    np.divide(out, largest, out=out, where=largest > 0)
    length = np.sqrt(np.einsum("nd,nd->n", out, out))[:, None]
    np.divide(out, length, out=out, where=length > 0)
    return out


def gradient_of_spread(
    x: NDArray[Any], prototypes: NDArray[Any], temperature: float, balance: float
) -> tuple[float, NDArray[np.float64]]:
    """The loss and its gradient with respect to the prototypes.

    With c the prototypes scaled to length 1, p the one most similar to row i, s = x_i . c_p / T and
    S_p = sum over j of exp(c_j . c_p / T), the loss is the mean over rows of log(1 + balance S_p exp(-s)). In S_p only
    c_p moves, c_j is held, j = p included.

    Args:
        x: (N, D) rows of length 1.
        prototypes: (B, D) of any length.
        temperature: T, above 0.
        balance: weight of the pushing apart, above 0.
    """
    raw = np.asarray(prototypes, dtype=np.float64)
    length = np.sqrt(np.square(raw).sum(axis=1))[:, None]
    length[length == 0] = 1.0
    c = raw / length
    pairs = np.exp((c @ c.T - 1.0) / temperature)  # less exp(1 / T), the largest there can be
    sums = pairs.sum(axis=0)
    label, s = np.empty(len(x), dtype=np.int64), np.empty(len(x))
    turned = np.ascontiguousarray(c.T.astype(x.dtype))
    step = max(64, _CELLS // max(len(c), x.shape[1]))
    for start in range(0, len(x), step):
        similar = x[start : start + step] @ turned
        best = similar.argmax(axis=1)
        label[start : start + len(best)] = best
        s[start : start + len(best)] = similar[np.arange(len(best)), best]
    z = np.log(balance * sums[label]) + (1.0 - s) / temperature
    loss = float(np.logaddexp(0.0, z).mean())
    weight = np.exp(z - np.logaddexp(0.0, z)) / (len(x) * temperature)  # share of S in exp(s) + balance S
    total = np.bincount(label, weight, minlength=len(c))
    pull = np.zeros_like(c)
    for prototype, rows in enumerate(members_of(label, len(c))):
        if len(rows):
            pull[prototype] = weight[rows] @ x[rows]
    g = (total / sums)[:, None] * (pairs.T @ c) - pull
    return loss, (g - (g * c).sum(axis=1, keepdims=True) * c) / length


def spread(
    x: NDArray[Any], prototypes: NDArray[Any], temperature: float, balance: float, rate: float, steps: int
) -> NDArray[np.float64]:
    """(B, D) prototypes of length 1 after ``steps`` of Adam (Kingma and Ba 2015) at ``rate``."""
    at = np.array(prototypes, dtype=np.float64)
    first, second = np.zeros_like(at), np.zeros_like(at)
    for step in range(1, steps + 1):
        _, g = gradient_of_spread(x, at, temperature, balance)
        first += 0.1 * (g - first)
        second += 0.001 * (g * g - second)
        at -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return np.asarray(units(at))
