"""Greedy log-determinant by pivoted Cholesky, exactly, with far fewer passes over the rows than picks.

The gain of a row is log(ridge + v), v being its kernel value with itself given all picks so far (its pivot). Pivots only
fall. So among the m rows of largest pivot the greedy choice is right as long as the best of them exceeds every row
outside (tau, the m-th pivot): those picks need only the m x m kernel between candidates. One product then lowers all.

With a linear kernel what is known is a D x D matrix, whatever the number of labelled rows: x A y with
A = (I + X_L' X_L / ridge)^-1. With the Gaussian it is a factor of 4 bytes per row and known row.

Pivots closer than rounding are equal (a grid of relative width 1e-5 in float32, 1e-11 in float64); the tie key decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.geometry import Euclidean
from querist.strategies.kernels.order import top

__all__ = ["GaussianGiven", "Given", "LinearGiven", "greedy_log_det"]

_CANDIDATES = 256
_ROWS = 4096
_OFFSET = 0.3819660112501051
"""Grid lines stand off round values, where exact ties are."""


class Given(ABC):
    """Rows with a kernel, given what is known: labelled and pending rows at first, picks later.

    Args:
        x: (N, D) rows.
        diagonal: (N,) kernel of each row with itself, nothing known.
        ridge: added to the diagonal of what is known.
    """

    def __init__(self, x: NDArray[Any], diagonal: NDArray[np.float64], ridge: float | None) -> None:
        self.x, self.size, self.diagonal = x, len(x), diagonal
        mean = float(diagonal.mean()) if len(diagonal) else 0.0
        self.ridge = ridge if ridge is not None else 1e-3 * mean or 1e-3
        short = x.dtype.kind == "f" and x.dtype.itemsize <= 4
        self.width = float(diagonal.max(initial=0.0)) * (1e-5 if short else 1e-11)

    def rows(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """All rows, block by block, in float64."""
        for start in range(0, self.size, _ROWS):
            piece = slice(start, min(start + _ROWS, self.size))
            yield piece, np.asarray(self.x[piece], dtype=np.float64)

    def grid(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pivots as grid numbers: equal where they are equal but for rounding."""
        return np.zeros(len(values)) if self.width <= 0 else np.floor(values / self.width + _OFFSET)

    @abstractmethod
    def between(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m, m) kernel between some rows, given what is known."""

    @abstractmethod
    def add(self, rows: NDArray[np.int64], pivots: NDArray[np.float64]) -> None:
        """Rows become known; ``pivots`` (N,) are lowered in place."""


class LinearGiven(Given):
    """The dot product.

    Args:
        x: (N, D) rows.
        known: (L, D) labelled and pending rows.
        ridge: default one thousandth of the mean squared length.
    """

    def __init__(self, x: NDArray[Any], known: NDArray[Any], ridge: float | None = None) -> None:
        diagonal = np.empty(len(x))
        for start in range(0, len(x), _ROWS):
            block = np.asarray(x[start : start + _ROWS], dtype=np.float64)
            diagonal[start : start + _ROWS] = np.vecdot(block, block)
        super().__init__(x, diagonal, ridge)
        gram = np.eye(x.shape[1])
        for start in range(0, len(known), _ROWS):
            block = np.asarray(known[start : start + _ROWS], dtype=np.float64)
            gram += block.T @ block / self.ridge
        root = _solved(_cholesky(gram), np.eye(len(gram)))
        self.a = root.T @ root

    def pivots(self) -> NDArray[np.float64]:
        """(N,) x A x."""
        out = np.empty(self.size)
        for piece, block in self.rows():
            out[piece] = np.vecdot(block @ self.a, block)
        return out

    def between(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """x A y."""
        some = np.asarray(self.x[rows], dtype=np.float64)
        return np.asarray(some @ self.a @ some.T)

    def add(self, rows: NDArray[np.int64], pivots: NDArray[np.float64]) -> None:
        """A -= A P' (P A P' + ridge I)^-1 P A."""
        some = np.asarray(self.x[rows], dtype=np.float64)
        root = _root(some @ self.a @ some.T, self.ridge)
        turned = _solved(root, some @ self.a)
        for piece, block in self.rows():
            pivots[piece] -= np.square(block @ turned.T).sum(axis=1)
        self.a -= turned.T @ turned


class GaussianGiven(Given):
    """exp(-gamma d^2).

    Args:
        x: (N, D) rows.
        known: (L, D) labelled and pending rows.
        gamma: above 0.
        ridge: default 0.001.
    """

    def __init__(self, x: NDArray[Any], known: NDArray[Any], gamma: float, ridge: float | None = None) -> None:
        super().__init__(x, np.ones(len(x)), ridge)
        self.gamma = gamma
        self.geometry = Euclidean(x)
        self.factors: list[NDArray[np.float32]] = []
        self._known = self.geometry.shifted(known)

    def _kernel(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(-self.gamma * self.geometry.pairs(a, b)))

    def pivots(self) -> NDArray[np.float64]:
        """(N,) 1 less what the known rows explain."""
        out = np.ones(self.size)
        if len(self._known):
            self._lower(self._known, _root(self._kernel(self._known, self._known), self.ridge), [], out)
        return out

    def between(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """k(x, y) less what is known of both."""
        points = self.geometry.gather(rows)
        out = self._kernel(points, points)
        for factor in self.factors:
            some = factor[rows].astype(np.float64)
            out -= some @ some.T
        return out

    def add(self, rows: NDArray[np.int64], pivots: NDArray[np.float64]) -> None:
        """One more factor."""
        root = _root(self.between(rows), self.ridge)
        before = [factor[rows].astype(np.float64) for factor in self.factors]
        self._lower(self.geometry.gather(rows), root, before, pivots)

    def _lower(
        self,
        points: NDArray[np.float64],
        root: NDArray[np.float64],
        before: list[NDArray[np.float64]],
        pivots: NDArray[np.float64],
    ) -> None:
        """Lower all pivots by some points, given the factors ``before`` of those points."""
        factor = np.empty((self.size, len(points)), dtype=np.float32)
        for start in range(0, self.size, _ROWS):
            piece = np.arange(start, min(start + _ROWS, self.size))
            product = self._kernel(points, self.geometry.gather(piece))
            for own, old in zip(before, self.factors, strict=True):
                product -= own @ old[piece].T.astype(np.float64)
            factor[piece] = _solved(root, product).T
            pivots[piece] -= np.square(factor[piece].astype(np.float64)).sum(axis=1)
        self.factors.append(factor)


def _cholesky(a: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.linalg import cholesky  # loaded by whom needs it: it takes 20 MiB

    return np.asarray(cholesky(a, lower=True))


def _solved(root: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.linalg import solve_triangular

    return np.asarray(solve_triangular(root, b, lower=True))


def _root(kernel: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """Lower Cholesky root of kernel + ridge I; a small shift where rounding has made it indefinite."""
    shift = ridge
    for _ in range(8):
        try:
            return _cholesky(kernel + shift * np.eye(len(kernel)))
        except np.linalg.LinAlgError:
            shift = 10.0 * max(shift, 1e-12 * float(np.trace(kernel)) / len(kernel))
    return np.asarray(np.diag(np.sqrt(np.maximum(np.diag(kernel), 0.0) + shift)))


def greedy_log_det(
    given: LinearGiven | GaussianGiven, n: int, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pick n rows, each adding the most to log det(K + ridge I) over what is known and picked.

    Source: Chen, Zhang and Zhou, Fast Greedy MAP Inference for Determinantal Point Process, 2018, algorithm 1 (the Cholesky
    update); Holzmüller, Zaverkin, Kästner and Steinwart 2023 (MaxDet).

    Args:
        given: the rows, their kernel and what is known; it learns the picks.
        n: how many, at most N.
        keys: (N,) tie keys.

    Returns:
        (n,) rows in order, and (n,) pivots at the time of the pick (at least 0).
    """
    pivots = given.pivots()
    open_ = np.ones(given.size, dtype=bool)
    rows: list[int] = []
    heights: list[float] = []
    while len(rows) < n:
        tell("largest determinant", len(rows), n)
        left = np.flatnonzero(open_)
        count = min(max(_CANDIDATES, (n - len(rows)) // 4), len(left))
        candidates = left[top(given.grid(pivots[left]), count, keys[left])]
        picked = _among(given, candidates, keys, n - len(rows), count < len(left), pivots, heights)
        rows += picked
        open_[picked] = False
        if len(rows) < n:
            given.add(np.array(picked), pivots)
    return np.array(rows, dtype=np.int64), np.maximum(np.array(heights), 0.0)


def _among(
    given: Given,
    candidates: NDArray[np.int64],
    keys: NDArray[np.uint64],
    wanted: int,
    more: bool,
    pivots: NDArray[np.float64],
    heights: list[float],
) -> list[int]:
    """Picks among the rows of largest pivot, while none outside can exceed them."""
    kernel = given.between(candidates)
    tau = given.grid(pivots[candidates[-1:]])[0] if more else -np.inf
    free = np.ones(len(candidates), dtype=bool)
    key = keys[candidates]
    picked: list[int] = []
    while len(picked) < wanted and free.any():
        current = np.diagonal(kernel)
        levels = np.where(free, given.grid(current), -np.inf)
        best = levels.max()
        if picked and best <= tau:
            break
        equal = np.flatnonzero(levels == best)
        chosen = int(equal[key[equal].argmin()])
        height = max(float(current[chosen]), 0.0)
        picked.append(int(candidates[chosen]))
        heights.append(height)
        free[chosen] = False
        column = kernel[:, chosen] / np.sqrt(height + given.ridge)
        kernel = kernel - np.outer(column, column)
    return picked
