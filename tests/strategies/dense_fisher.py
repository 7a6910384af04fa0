"""Fisher information written out, float64, N x (C D) x (C D): for small inputs only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def factors(probs: NDArray[np.floating] | None, h: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, C D, C) columns sqrt(p_c) (p - onehot(c)) (x) h, one for each class; h itself without probabilities."""
    x = np.asarray(h, dtype=np.float64)
    if probs is None:
        return x[:, :, None]
    p = np.asarray(probs, dtype=np.float64)
    out = np.zeros((len(p), p.shape[1] * x.shape[1], p.shape[1]))
    for i in range(len(p)):
        for c in range(p.shape[1]):
            out[i, :, c] = np.sqrt(p[i, c]) * np.kron(p[i] - np.eye(p.shape[1])[c], x[i])
    return out


def information(probs: NDArray[np.floating] | None, h: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, C D, C D)."""
    return np.asarray([f @ f.T for f in factors(probs, h)])
