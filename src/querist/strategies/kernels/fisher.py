"""Fisher information of a last layer in factors: of N rows with C classes and D features, never N x C x D numbers.

The information of a row about the weights of a softmax layer is G (x) h h' with G = diag(p) - p p' = V V', and V has the
columns sqrt(p_c) (p - onehot(c)). A linear regression has V = 1. Products with V cost C^2 a row where they use its form:
(V' y)_c = sqrt(p_c) (p . y - y_c).

A matrix over the weights is an array (C, D, C, D). Rows lie along the last axis of every block, so that arithmetic on
C x C matrices of many rows runs over long vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Rows",
    "around",
    "floored",
    "inverse",
    "mean_information",
    "quadratic",
    "through",
    "total_information",
    "traces",
]

_BLOCK = 1024
"""Rows in a block: the C x C matrices of a block stay in the second-level cache for ten classes."""


class Rows:
    """Probabilities and features of some rows, in blocks with the rows last.

    Args:
        probs: (N, C) probabilities, or None for a regression (one output, information h h').
        h: (N, D) features, in memory or memory-mapped; not copied.
        dtype: of the arithmetic.
    """

    def __init__(self, probs: NDArray[Any] | None, h: NDArray[Any], dtype: Any = np.float64) -> None:
        self.probs, self.h, self.dtype = probs, h, np.dtype(dtype)
        self.size, self.width = len(h), h.shape[1]
        self.classes = 1 if probs is None else probs.shape[1]

    def take(self, rows: NDArray[np.int64], dtype: Any = np.float64) -> Rows:
        """Some of the rows, in memory."""
        return Rows(None if self.probs is None else np.asarray(self.probs[rows]), np.asarray(self.h[rows]), dtype)

    def blocks(self) -> list[slice]:
        """Slices of rows."""
        step = max(16, min(_BLOCK, _BLOCK * 100 // self.classes**2))
        return [slice(start, min(start + step, self.size)) for start in range(0, self.size, step)]

    def features(self, rows: slice) -> NDArray[Any]:
        """(n, D) of a block."""
        return np.asarray(self.h[rows], dtype=self.dtype)

    def shares(self, rows: slice) -> NDArray[Any] | None:
        """(C, n) probabilities of a block, or None for a regression."""
        if self.probs is None:
            return None
        return np.ascontiguousarray(_summing_to_one(self.probs[rows]).T, dtype=self.dtype)

    def factor(self, row: int) -> NDArray[np.float64]:
        """(C, C) V of one row."""
        if self.probs is None:
            return np.ones((1, 1))
        p = _summing_to_one(self.probs[row : row + 1])[0]
        return np.asarray((p[:, None] - np.eye(len(p))) * np.sqrt(p))


def _summing_to_one(probs: NDArray[Any]) -> NDArray[np.float64]:
    """Rows that sum to 1 in float64; else diag(p) - p p' would have a direction of less than no information."""
    p = np.asarray(probs, dtype=np.float64)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def through(shares: NDArray[Any] | None, y: NDArray[Any]) -> NDArray[Any]:
    """V' y of many rows, in place: (C, r, n) -> (C, r, n)."""
    if shares is None:
        return y
    mean = np.einsum("cn,crn->rn", shares, y)
    np.subtract(mean, y, out=y)
    y *= np.sqrt(shares)[:, None, :]
    return y


def around(shares: NDArray[Any] | None, k: NDArray[Any]) -> NDArray[Any]:
    """V' K V of many rows, K symmetric: (C, C, n) -> (C, C, n)."""
    if shares is None:
        return k
    product = np.einsum("jkn,kn->jn", k, shares)
    whole = np.einsum("jn,jn->n", product, shares)
    roots = np.sqrt(shares)
    out = k - product[:, None, :]
    out -= product[None, :, :]
    out += whole
    out *= roots[:, None, :]
    out *= roots[None, :, :]
    return np.asarray(out)


def quadratic(matrix: NDArray[Any], h: NDArray[Any]) -> NDArray[Any]:
    """h' M[c, c'] h of many rows, M symmetric: (C, D, C, D) and (n, D) -> (C, C, n)."""
    classes, width = matrix.shape[:2]
    out = np.empty((classes, classes, len(h)), dtype=h.dtype)
    for c in range(classes):
        part = np.asarray(matrix[c, :, c:, :], dtype=h.dtype).reshape(width, -1)
        y = (h @ part).reshape(len(h), classes - c, width)
        out[c, c:] = np.matmul(y, h[:, :, None])[:, :, 0].T
        out[c:, c] = out[c, c:]
    return out


def total_information(rows: Rows) -> NDArray[np.float64]:
    """Sum over rows of G (x) h h': (C, D, C, D), all in float64.

    G is the sum over pairs of classes of p_c p_o (e_c - e_o)(e_c - e_o)', so that the diagonal blocks are what the others
    add up to; rounding then leaves no direction with less than no information.
    """
    classes, width = rows.classes, rows.width
    rows = Rows(rows.probs, rows.h)
    out = np.zeros((classes, classes, width, width))
    step = max(256, (1 << 20) // max(width * 4, 1))
    for start in range(0, rows.size, step):
        block = slice(start, min(start + step, rows.size))
        h, p = rows.features(block), rows.shares(block)
        if p is None:
            out[0, 0] += h.T @ h
            continue
        for c in range(classes):
            for other in range(c + 1, classes):
                out[c, other] -= (h * (p[c] * p[other])[:, None]).T @ h
    for c in range(classes):
        for other in range(c):
            out[c, other] = out[other, c]
    if rows.probs is not None:
        for c in range(classes):
            out[c, c] = -out[c].sum(axis=0)
    return np.ascontiguousarray(out.transpose(0, 2, 1, 3))


def mean_information(rows: Rows) -> NDArray[np.float64]:
    """Mean over rows of G (x) h h': (C, D, C, D) float64."""
    return total_information(rows) / max(rows.size, 1)


def floored(ridge: float, *matrices: NDArray[np.float64]) -> float:
    """The ridge, or 1e-10 of the largest diagonal of the matrices, below which float64 would lose it beside them."""
    largest = max(float(np.einsum("cdcd->cd", m).max(initial=0.0)) for m in matrices)
    return max(ridge, 1e-10 * largest)


def inverse(matrix: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """(ridge I + M)^-1 of a positive semi-definite M: (C, D, C, D) float64."""
    from scipy.linalg import cho_factor, cho_solve

    size = matrix.shape[0] * matrix.shape[1]
    flat = matrix.reshape(size, size) + ridge * np.eye(size)
    out = cho_solve(cho_factor(flat, lower=True, overwrite_a=True), np.eye(size), overwrite_b=True)
    return np.asarray(0.5 * (out + out.T)).reshape(matrix.shape)


def traces(s: NDArray[Any], t: NDArray[Any], sign: int = 1) -> NDArray[np.float64]:
    """tr[(I + sign S)^-1 T] of many rows, S and T symmetric: (C, C, n) twice -> (n,) float64; both are overwritten.

    It is the derivative of log det(I + sign S + x T) at x = 0. Elimination of I + sign S with the derivative carried
    along gives it as the sum over pivots of d pivot / pivot, in the time of three Cholesky factorisations.
    """
    classes = len(s)
    if sign < 0:
        np.negative(s, out=s)
    total = np.zeros(s.shape[2])
    floor = 1.0 if sign > 0 else 1e-12  # no pivot of I + S is below 1; none of I - S is below 0
    for j in range(classes):
        pivot = np.maximum(s[j, j] + 1.0, floor)
        ratio = t[j, j] / pivot
        total += ratio
        column = s[j, j + 1 :]
        low = column / pivot
        half = t[j, j + 1 :] - 0.5 * ratio * column
        for k in range(j + 1, classes):
            at = k - j - 1
            s[k, k:] -= low[at:] * column[at]
            t[k, k:] -= half[at:] * low[at] + low[at:] * half[at]
    return total
