"""Gradients of a last layer's cross-entropy in factors, and what steps along them do.

The gradient of the loss of an item at label y is (p - onehot(y)) (x) h, a C x D matrix that is never written down: its
product with a C x D matrix M is (p - onehot(y)) . M h. Sums of gradients are matrices of C x D. All in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.ties import best, settled

__all__ = ["along", "glister", "guesses", "inverse_curvature", "match", "residuals", "total_gradient"]

_CELLS = 1 << 19


def _blocks(size: int, width: int) -> Iterator[slice]:
    step = max(16, _CELLS // max(width, 1))
    for start in range(0, size, step):
        yield slice(start, min(start + step, size))


def _wide(array: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(array, dtype=np.float64)


def guesses(probs: NDArray[Any]) -> NDArray[np.int64]:
    """(N,) the likeliest class of each row, the first of equals."""
    return np.asarray(probs.argmax(axis=1), dtype=np.int64)


def residuals(probs: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """p - onehot(label): (N, C) and (N,) -> (N, C)."""
    out = np.array(probs, dtype=np.float64)
    out[np.arange(len(out)), labels] -= 1.0
    return out


def total_gradient(residual: NDArray[Any], h: NDArray[Any]) -> NDArray[np.float64]:
    """Sum over rows of residual (x) h: (N, C) and (N, D) -> (C, D)."""
    out = np.zeros((residual.shape[1], h.shape[1]))
    for rows in _blocks(len(h), h.shape[1]):
        out += _wide(residual[rows]).T @ _wide(h[rows])
    return out


def along(residual: NDArray[Any], h: NDArray[Any], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """<residual (x) h, M> of each row: (N, C), (N, D) and (C, D) -> (N,)."""
    out = np.empty(len(h))
    for rows in _blocks(len(h), h.shape[1]):
        out[rows] = np.einsum("nc,nc->n", _wide(residual[rows]), _wide(h[rows]) @ matrix.T)
    return out


def inverse_curvature(
    probs: NDArray[Any], h: NDArray[Any], damping: float, matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(mean over rows of (diag(p) - p p') (x) h h' + damping I)^-1 M, by conjugate gradients.

    Args:
        probs: (L, C) probabilities of the rows whose mean loss is curved.
        h: (L, D) their features.
        damping: above 0.
        matrix: (C, D) what is multiplied.

    Returns:
        (C, D), to a relative residual of 1e-10. The curvature has rank L (C - 1) at most, which bounds the steps.
    """
    p, x = _wide(probs), _wide(h)
    p = p / p.sum(axis=1, keepdims=True)

    def product(u: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = x @ u.T
        moved -= np.einsum("nc,nc->n", p, moved)[:, None]
        moved *= p
        return (moved.T @ x) / max(len(x), 1) + damping * u

    return _conjugate_gradients(product, matrix, 10 + 4 * min(matrix.size, len(x) * p.shape[1]))


def _conjugate_gradients(
    product: Callable[[NDArray[np.float64]], NDArray[np.float64]], target: NDArray[np.float64], most: int
) -> NDArray[np.float64]:
    scale = float(np.abs(target).max(initial=0.0))
    out = np.zeros_like(target)
    if scale <= 1e-300:
        return out
    rest = target / scale
    way, length = rest.copy(), float(np.vdot(rest, rest))
    goal = 1e-20 * length
    for _ in range(most):
        if length <= goal:
            break
        image = product(way)
        step = length / float(np.vdot(way, image))
        out += step * way
        rest -= step * image
        before, length = length, float(np.vdot(rest, rest))
        way *= length / before
        way += rest
    return out * scale


def glister(
    residual: NDArray[Any],
    h: NDArray[Any],
    reference: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    n: int,
    step: float,
    keys: NDArray[np.uint64],
    before: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Greedy: the row whose gradient goes best with the reference set's, then a step along it, and again.

    Args:
        residual: (N, C) p - onehot(guess) of the pool.
        h: (N, D).
        reference: (M, C) probabilities, (M, D) features, (M,) labels.
        n: how many, at most N.
        step: length of a gradient step.
        keys: (N,) tie keys.
        before: (C, D) sum of gradients of rows that count as chosen.

    Returns:
        (n,) rows in order of choice, and (n,) by how much a step along each lowers the mean loss of the reference set.
    """
    probs, x, labels = _wide(reference[0]), _wide(reference[1]), reference[2]
    logits = np.log(np.maximum(probs, 1e-30)) - step * (x @ before.T)
    gain = np.empty(n)
    rows = np.empty(n, dtype=np.int64)
    free = np.ones(len(h), dtype=bool)
    for turn in range(n):
        logits -= logits.max(axis=1, keepdims=True)
        moved = np.exp(logits)
        moved /= moved.sum(axis=1, keepdims=True)
        slope = total_gradient(residuals(moved, labels), x) / len(x)
        left = np.flatnonzero(free)
        values = along(residual, h, slope)[left]
        row = int(left[best(values, keys[left])])
        rows[turn], gain[turn], free[row] = row, step * values[int(np.searchsorted(left, row))], False
        logits -= step * np.outer(x @ _wide(h[row]), _wide(residual[row]))
    return rows, gain


def match(
    residual: NDArray[Any],
    h: NDArray[Any],
    target: NDArray[np.float64],
    n: int,
    ridge: float,
    keys: NDArray[np.uint64],
    before: tuple[NDArray[Any], NDArray[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Orthogonal matching pursuit with weights of at least 0: gradients whose weighted sum comes close to ``target``.

    Each turn takes the row whose gradient has the largest product with what is left of the target, then fits all weights
    anew: the least |target - sum w g|^2 + ridge |w|^2.

    Args:
        residual: (N, C).
        h: (N, D).
        target: (C, D).
        n: how many, at most N.
        ridge: at least 0.
        keys: (N,) tie keys.
        before: (m, C) and (m, D) factors of rows that count as chosen.

    Returns:
        (n,) rows in order of choice, (n,) their products with what was left, (n,) the share of the target that is still
        left after each.
    """
    a, x = _wide(before[0]), _wide(before[1])
    whole = max(float(np.linalg.norm(target)), 1e-300)
    rest = target - _fitted(a, x, target, ridge) if len(a) else target.copy()
    rows, products, left_over = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n)
    free = np.ones(len(h), dtype=bool)
    for turn in range(n):
        left = np.flatnonzero(free)
        values = along(residual, h, rest)[left]
        # what is left of the target by rounding alone tells nothing: all rows are equal then
        values = np.where(np.abs(values) > 1e-12 * whole * np.abs(target).max(initial=0.0), values, 0.0)
        place = best(values, keys[left])
        row = int(left[place])
        rows[turn], products[turn], free[row] = row, values[place], False
        a, x = np.vstack([a, _wide(residual[row])[None]]), np.vstack([x, _wide(h[row])[None]])
        rest = target - _fitted(a, x, target, ridge)
        left_over[turn] = float(np.linalg.norm(rest)) / whole
    return rows, settled(products), left_over


def _fitted(
    a: NDArray[np.float64], x: NDArray[np.float64], target: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """(C, D) the weighted sum of gradients nearest to the target, weights at least 0."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve
    from scipy.optimize import nnls

    gram = (a @ a.T) * (x @ x.T)
    wanted = np.einsum("nc,nc->n", a, x @ target.T)
    slack = max(ridge, 1e-10 * float(np.trace(gram)) / len(a), 1e-300)
    gram[np.diag_indices(len(a))] += slack
    try:
        weights = cho_solve(cho_factor(gram), wanted)
    except LinAlgError:
        weights = np.full(len(a), -1.0)
    if weights.min() < 0:  # the same problem in the coordinates of the factor: |R w - R'^-1 b|^2
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, slack)
        root = (vectors * np.sqrt(values)).T
        weights = nnls(root, (vectors / np.sqrt(values)).T @ wanted)[0]
    return np.asarray((a * weights[:, None]).T @ x)
