"""FIRAL on class blocks: a relaxed batch of least Fisher information ratio, rounded by regret minimisation.

The information of a row about the weights of class k is g h h' with g = p_k (1 - p_k): the diagonal blocks of
(diag(p) - p p') (x) h h'. Matrices are (C, D, D). With known information K (the ridge included), the pool's mean
information F and H_i that of row i, the ratio of weights z is f(z) = sum over classes of tr[(K + sum z_i H_i)^-1 F].

Relaxing: z >= 0 with sum n. The gradient of f is -c_i, c_i = sum over k of g_ik h_i' S_k^-1 F_k S_k^-1 h_i, and f(z) lies
above the least possible by no more than n max c - sum z c, f being convex.

Rounding: with S the matrix of the relaxed weights, follow-the-regularised-leader with the l1/2 regulariser plays
A = (nu I + eta S^-1/2 G S^-1/2)^-2 with trace 1, G being what was gathered: of every pick its H_i and of K the n-th part.
The next pick makes the trace of the root of A smallest after the update, that is tr[(nu S + eta (G + K/n + H_i))^-1 S].
For blocks and rows of rank one that is a sum of Sherman-Morrison terms, from one product of the features with D x D
numbers a class.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.fisher import Rows
from querist.strategies.kernels.ties import best

__all__ = ["class_blocks", "ratio", "relaxed", "rounded"]

_STEPS = 200


def _spread(rows: Rows, block: slice) -> NDArray[Any]:
    """(C, n) p (1 - p)."""
    p = rows.shares(block)
    assert p is not None
    return np.asarray(p * (1.0 - p))


def _long_blocks(rows: Rows) -> list[slice]:
    step = max(64, (1 << 20) // max(rows.width, 1))
    return [slice(start, min(start + step, rows.size)) for start in range(0, rows.size, step)]


def class_blocks(rows: Rows, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Sum over rows of weight * H_i: (C, D, D) float64; weights 1 when they are not given."""
    out = np.zeros((rows.classes, rows.width, rows.width))
    for block in _long_blocks(rows):
        h, g = rows.features(block), _spread(rows, block)
        if weights is not None:
            g = g * weights[block].astype(rows.dtype)
        for k in range(rows.classes):
            out[k] += (h * g[k][:, None]).T @ h
    return out


def ratio(s: NDArray[np.float64], fisher: NDArray[np.float64]) -> float:
    """Sum over classes of tr(S^-1 F)."""
    return float(sum(np.trace(np.linalg.solve(a, f)) for a, f in zip(s, fisher, strict=True)))


def _slopes(rows: Rows, s: NDArray[np.float64], fisher: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) c_i."""
    middle = np.linalg.solve(s, fisher)
    middle = np.asarray([np.linalg.solve(a, m.T) for a, m in zip(s, middle, strict=True)]).astype(rows.dtype)
    out = np.zeros(rows.size)
    for block in _long_blocks(rows):
        h, g = rows.features(block), _spread(rows, block)
        for k in range(rows.classes):
            out[block] += g[k] * np.einsum("nd,nd->n", h @ middle[k], h)
    return np.maximum(out, 0.0)


def relaxed(
    rows: Rows, known: NDArray[np.float64], fisher: NDArray[np.float64], n: int, gap: float = 0.01
) -> tuple[NDArray[np.float64], float, float]:
    """Entropic mirror descent from even weights: z_i becomes z_i exp(step c_i), scaled to the sum n.

    A step that does not lower f is taken back and halved. Ends when f is proven to be within ``gap`` of the least, at most
    after 200 steps.

    Returns:
        (N,) weights, f of them, and the proven lower bound.
    """
    z = np.full(rows.size, n / rows.size)
    s = known + class_blocks(rows, z)
    value, bound, length = ratio(s, fisher), 0.0, 8.0
    slopes = _slopes(rows, s, fisher)
    for _ in range(_STEPS):
        most = float(slopes.max(initial=0.0))
        bound = max(bound, value - (n * most - float(z @ slopes)))
        if most <= 1e-300 or value - bound <= gap * value:
            break
        tried = z * np.exp(length * (slopes / most - 1.0))
        tried *= n / tried.sum()
        moved = known + class_blocks(rows, tried)
        lower = ratio(moved, fisher)
        if lower < value:
            z, s, value = tried, moved, lower
            slopes, length = _slopes(rows, s, fisher), length * 1.5
        else:
            length *= 0.5
            if length < 1e-6:
                break
    return z, value, max(bound, 0.0)


def rounded(
    rows: Rows,
    known: NDArray[np.float64],
    s: NDArray[np.float64],
    n: int,
    eta: float,
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The picks for one ``eta``: (n,) rows in order of choice, (n,) falls of the trace that each brought about."""
    roots = np.array([_inverse_root(a) for a in s])
    part = roots @ (known / n) @ roots
    gathered = np.zeros_like(s)  # S^-1/2 G S^-1/2
    picks, falls = np.empty(n, dtype=np.int64), np.empty(n)
    free = np.ones(rows.size, dtype=bool)
    tolerance = 1e-9 if rows.dtype == np.float64 else 1e-5
    for turn in range(n):
        nu = _leader(eta * np.linalg.eigvalsh(gathered).ravel())
        values, vectors = np.linalg.eigh(gathered + part)
        diagonal = np.maximum(nu + eta * values, 1e-12)
        ways = roots @ vectors  # S^-1/2 V: C^-1 = ways diag(1 / diagonal) ways'
        gain = _gains(rows, ways, diagonal, eta)
        left = np.flatnonzero(free)
        place = best(gain[left], keys[left], tolerance)
        row = int(left[place])
        picks[turn], falls[turn], free[row] = row, gain[row], False
        h = np.asarray(rows.h[row], dtype=np.float64)
        spread = np.diag(rows.factor(row) @ rows.factor(row).T)
        seen = roots @ h
        gathered += part + spread[:, None, None] * seen[:, :, None] * seen[:, None, :]
    return picks, falls


def _gains(rows: Rows, ways: NDArray[np.float64], diagonal: NDArray[np.float64], eta: float) -> NDArray[np.float64]:
    """(N,) sum over classes of eta g q / (1 + eta g s), s = h' C^-1 h and q = h' C^-1 S C^-1 h."""
    out = np.zeros(rows.size)
    narrow, first = ways.astype(rows.dtype), (1.0 / diagonal).astype(rows.dtype)
    for block in _long_blocks(rows):
        h, g = rows.features(block), _spread(rows, block)
        for k in range(rows.classes):
            squares = np.square(h @ narrow[k])
            both = squares @ np.stack([first[k], first[k] ** 2], axis=1)
            out[block] += eta * g[k] * both[:, 1] / (1.0 + eta * g[k] * both[:, 0])
    return out


def _inverse_root(a: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(a)
    return np.asarray((vectors / np.sqrt(np.maximum(values, 1e-14 * values[-1]))) @ vectors.T)


def _leader(values: NDArray[Any]) -> float:
    """nu above -min(values) with sum (nu + value)^-2 = 1.

    Newton's method on (sum (nu + value)^-2)^(-1/2) = 1, which is concave and increasing: from the left it never overshoots.
    """
    nu = 1.0 - float(values.min())  # the least value alone gives a sum of 1
    for _ in range(50):
        apart = 1.0 / (nu + values)
        total = float(np.square(apart).sum())
        step = (1.0 - total**-0.5) * total**1.5 / float((apart**3).sum())
        nu += step
        if step <= 1e-14 * max(abs(nu), 1.0):
            break
    return nu
