"""The last layer of a classifier from its outputs, and how far features must move along a gradient to change class.

For a softmax over linear logits W h + b, the log-probabilities less their mean over the classes are (W - mean) h + (b -
mean): linear in h. Least squares with an intercept gives W less its mean row, exactly for such a head, the nearest
linear head for any other. The mean row plays no part in what follows: it adds the same to all logits, and p - onehot
sums to 0.

Along the gradient g = W^T (p - onehot(y)) of the loss at the predicted class y the logits change by W g a unit, which
is G (p - onehot(y)) with G = W W^T (C x C). Features, once the head is known, are not needed: N C^2 operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["farthest", "flips", "head_gram"]

_FLOOR = 1e-30
_ROWS = 4096
_CELLS = 1 << 18


def _centred_logs(p: NDArray[Any]) -> NDArray[np.float64]:
    logs = np.log(np.maximum(np.asarray(p, dtype=np.float64), _FLOOR))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def head_gram(x: NDArray[Any], p: NDArray[Any], keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """(C, C) products of the rows of W, less their mean row.

    It is fitted on the max(4096, 8 (D + 1)) rows of lowest key without a probability of 0, which need no floor; on rows
    with one where there are no others. With fewer rows than D + 1 it is the smallest head that fits.

    Args:
        x: (N, D) embedding.
        p: (N, C) probabilities.
        keys: (N,) tie keys.
    """
    from scipy.linalg import lstsq

    positive = np.concatenate([block.min(axis=1) > _FLOOR for _, block in blocks(p)])
    usable = np.flatnonzero(positive) if positive.any() else np.arange(len(p))
    rows = usable[np.argsort(keys[usable], kind="stable")][: max(_ROWS, 8 * (x.shape[1] + 1))]
    features = np.asarray(x[rows], dtype=np.float64)
    features = features - features.mean(axis=0)  # the intercept
    logits = _centred_logs(p[rows])
    logits = logits - logits.mean(axis=0)
    scale = np.abs(features).max(initial=0.0) or 1.0
    weights = lstsq(features / scale, logits, cond=1e-9, check_finite=False, lapack_driver="gelsy")[0] / scale
    return np.asarray(weights.T @ weights)


def flips(p: NDArray[Any], gram: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How far features must move along the unit gradient until another class leads, and which.

    Returns:
        (N,) lengths, infinite where no length does, and (N,) the class that takes over (the predicted one where none).
    """
    n, classes = p.shape
    lengths, other = np.full(n, np.inf), np.empty(n, dtype=np.int64)
    step = max(1, _CELLS // classes)
    for start in range(0, n, step):
        block = np.asarray(p[start : start + step], dtype=np.float64)
        every = np.arange(len(block))
        top = block.argmax(axis=1)
        logits = _centred_logs(block)
        a = block.copy()
        a[every, top] -= 1.0
        speed = a @ gram
        length = np.sqrt(np.maximum(np.einsum("nc,nc->n", a, speed), 0.0))
        behind = logits[every, top][:, None] - logits
        gain = speed - speed[every, top][:, None]
        needed = np.full_like(gain, np.inf)
        # rounding of a gradient that is 0 says nothing about a direction
        np.divide(behind * length[:, None], gain, out=needed, where=gain > 1e-12 * np.abs(speed).max(initial=0.0))
        needed[every, top] = np.inf
        best = needed.argmin(axis=1)
        lengths[start : start + step] = needed[every, best]
        other[start : start + step] = np.where(np.isfinite(needed[every, best]), best, top)
    return lengths, other


def farthest(x: NDArray[Any], anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) Euclidean distance to the farthest of ``anchors`` (A, D)."""
    shift = anchors.mean(axis=0)
    moved = anchors - shift
    lengths = np.square(moved).sum(axis=1)
    out = np.empty(len(x))
    for rows, block in blocks(x):
        points = block - shift
        d = np.einsum("nd,nd->n", points, points)[:, None] - 2.0 * (points @ moved.T) + lengths
        out[rows] = np.sqrt(np.maximum(d.max(axis=1), 0.0))
    return out
