"""What the answer to one item would do to the outputs of a linear head at others, in closed form.

The head's weights have a Gaussian belief with the same precision for every class, ridge I + weight * sum h h' over what is
known; A is its inverse. One more answer at x moves the outputs at u by k(u, x) (onehot(y) - p(x)), where

    k(u, x) = h_u' A h_x / (1 + weight h_x' A h_x).

With weight 1 that is the change of a ridge regression on one-hot targets (a Gaussian process with a
linear kernel and unit noise), exactly. With weight 1/2 it is a Newton step of the cross-entropy with the curvature
replaced by its bound 1/2 (I - 1 1'/C) (x) h h' (Böhning 1992), of which only the 1/2 matters: gradients sum to 0 over
classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.ties import settled

__all__ = ["covariance", "error_reduction", "output_change", "reach"]

_CELLS = 1 << 19
_LARGEST = 30.0
"""Odds that change by e^30 are sure; beyond it nothing changes but overflow."""


def covariance(h: NDArray[Any], width: int, ridge: float, weight: float) -> NDArray[np.float64]:
    """(ridge I + weight sum h h')^-1: (L, D) -> (D, D)."""
    total = ridge * np.eye(width)
    for start in range(0, len(h), 4096):
        block = np.asarray(h[start : start + 4096], dtype=np.float64)
        total += weight * (block.T @ block)
    total[np.diag_indices(width)] += 1e-12 * total.max()  # float64 would lose a smaller ridge
    from scipy.linalg import cho_factor, cho_solve

    out = cho_solve(cho_factor(total), np.eye(width))
    return np.asarray(0.5 * (out + out.T))


def reach(
    a: NDArray[np.float64], h: NDArray[Any], others: NDArray[np.float64], weight: float, cells: int = _CELLS
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """k(u, x) in blocks of x: (D, D), (N, D) and (U, D) -> rows, (n, U)."""
    far = others @ a
    step = max(1, min(4096, cells // max(len(others), 1)))
    for start in range(0, len(h), step):
        rows = slice(start, min(start + step, len(h)))
        x = np.asarray(h[rows], dtype=np.float64)
        own = np.einsum("nd,nd->n", x @ a, x)
        yield rows, (x @ far.T) / (1.0 + weight * np.maximum(own, 0.0))[:, None]


def output_change(a: NDArray[np.float64], h: NDArray[Any], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over u of |k(u, x)| for a ridge regression: (N,)."""
    out = np.empty(len(h))
    for rows, k in reach(a, h, others, 1.0):
        out[rows] = np.abs(k).mean(axis=1)
    return out


def error_reduction(
    a: NDArray[np.float64],
    probs: NDArray[Any],
    h: NDArray[Any],
    other_probs: NDArray[Any],
    others: NDArray[np.float64],
    loss: str,
) -> NDArray[np.float64]:
    """By how much the mean risk over u is expected to fall once x is answered.

    The answer y has probability p_y(x). After it, p_c(u) is in proportion to p_c(u) exp(k (onehot(y) - p(x))_c): only the
    entry of y depends on y, so that all C answers together cost C numbers for each u.

    Args:
        a: (D, D) covariance.
        probs: (N, C) of the pool.
        h: (N, D).
        other_probs: (U, C) of the rows over which the risk is taken.
        others: (U, D).
        loss: "log" (the risk is the entropy, in nats) or "zero_one" (1 - the largest probability).

    Returns:
        (N,) falls of the risk; below 0 where an answer is expected to unsettle more than it settles.
    """
    p = np.asarray(other_probs, dtype=np.float64)
    logs = np.log(np.maximum(p, 1e-30)).T
    p = np.exp(logs)
    p /= p.sum(axis=0)
    now = float((-(p * np.log(p)).sum(axis=0) if loss == "log" else 1.0 - p.max(axis=0)).mean())
    out = np.empty(len(h))
    classes = len(logs)
    for rows, k in reach(a, h, others, 0.5, _CELLS // classes):
        np.clip(k, -_LARGEST, _LARGEST, out=k)
        own = np.asarray(probs[rows], dtype=np.float64)
        out[rows] = now - _expected_risk(logs, own, k, loss)
    return settled(out, max(now, 1.0))  # a risk of 0 has rounding all the same: logits move by up to their limit


def _expected_risk(
    logs: NDArray[np.float64], own: NDArray[np.float64], k: NDArray[np.float64], loss: str
) -> NDArray[np.float64]:
    """(n,) mean over u and y; logs (C, U), own (n, C), k (n, U)."""
    w = logs[:, None, :] - own.T[:, :, None] * k
    w -= w.max(axis=0)
    masses = np.exp(w)
    total = masses.sum(axis=0)
    lift = np.exp(k)
    risk = np.zeros(len(own))
    if loss == "log":
        sums = np.einsum("cnu,cnu->nu", masses, w)
        for y in range(len(logs)):
            raised = masses[y] * lift
            z = total - masses[y] + raised
            s = sums - masses[y] * w[y] + raised * (w[y] + k)
            risk += own[:, y] * (np.log(z) - s / z).mean(axis=1)
        return risk
    order = np.sort(masses, axis=0)
    first, second = order[-1], order[-2] if len(order) > 1 else np.zeros_like(order[-1])
    for y in range(len(logs)):
        raised = masses[y] * lift
        rest = np.where(masses[y] == first, second, first)  # the largest of the others; of equals either
        risk += own[:, y] * (1.0 - np.maximum(raised, rest) / (total - masses[y] + raised)).mean(axis=1)
    return risk
