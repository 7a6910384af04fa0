"""BAIT: rows whose Fisher information makes up best for that of the whole pool, forward and then backward.

Minimises tr(M^-1 F), F being the mean information of the pool and M = ridge I + the sum over what is labelled or chosen.
With A = M^-1, B = A F A and the factors X = V' (x) h' of a row, adding it takes tr[(I + S)^-1 T] off the trace, where
S = X A X' and T = X B X' are C x C (Woodbury). Choosing a row changes A and B by matrices of rank C - 1, hence S and T of
every row by products of C x (C - 1) matrices that come from one product of the features with D x C (C - 1) numbers.

A and B are kept in float64. S and T of a long pool are kept in float32 and only screen: the rows within a thousandth of
the best gain are rated again from A and B in float64, and those ratings decide. When they differ too much from the
screen, the whole pool goes on in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tell
from querist.strategies.kernels.fisher import Rows, around, inverse, quadratic, through, total_information, traces
from querist.strategies.kernels.order import top
from querist.strategies.kernels.ties import best, snapped

__all__ = ["forward_backward", "single_gains"]

_SHORT = 1 << 21
"""Up to so many numbers S and T are kept in float64 from the start."""
_SLACK = {np.dtype(np.float32): 1e-3, np.dtype(np.float64): 1e-7}
"""How far below the best a gain of the screen may lie to be rated again."""
_CANDIDATES = 256
_PIECE = 8192
_ALONE = 1e-3


def forward_backward(
    rows: Rows,
    known: NDArray[np.float64],
    ridge: float,
    fisher: NDArray[np.float64],
    n: int,
    keys: NDArray[np.uint64],
    times: int = 2,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Greedy forward to ``times`` * n rows, then backward to n.

    Source: Ash, Goel, Krishnamurthy and Kakade, Gone Fishing: Neural Active Learning with Fisher Embeddings, 2021.

    Args:
        rows: the pool.
        known: (C, D, C, D) information of what is known.
        ridge: added to it on the diagonal.
        fisher: (C, D, C, D) mean information of the pool.
        n: how many rows, at most N.
        keys: (N,) tie keys.
        times: how many times n rows are chosen before the least useful are given back.

    Returns:
        (n,) rows in order of choice, and (n,) what each took off the trace when it was chosen.
    """
    a = inverse(known, ridge)
    found, gains = _forward(rows, a, _sandwich(a, fisher), min(times * n, rows.size), keys)
    chosen = np.array(found, dtype=np.int64)
    if len(chosen) == n:
        return chosen, np.array(gains)
    kept = _backward(rows.take(chosen), known, ridge, fisher, n, keys[chosen])
    return chosen[kept], np.array(gains)[kept]


def _sandwich(a: NDArray[np.float64], fisher: NDArray[np.float64]) -> NDArray[np.float64]:
    """A F A."""
    size = a.shape[0] * a.shape[1]
    flat = a.reshape(size, size)
    return np.asarray(flat @ fisher.reshape(size, size) @ flat).reshape(a.shape)


def single_gains(rows: Rows, a: NDArray[np.float64], fisher: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) what adding each row alone takes off the trace, in float64."""
    b = _sandwich(a, fisher)
    out = np.empty(rows.size)
    for start in range(0, rows.size, _PIECE):  # S and T of a piece at a time
        piece = np.arange(start, min(start + _PIECE, rows.size))
        out[piece] = _Field(rows.take(piece), a, b).gains()
    return out


class _Field:
    """S and T of some rows: (C, C, N) each, of which the upper triangles are used."""

    def __init__(self, rows: Rows, a: NDArray[Any], b: NDArray[Any]) -> None:
        self.rows = rows
        shape = (rows.classes, rows.classes, rows.size)
        self.s, self.t = np.zeros(shape, rows.dtype), np.zeros(shape, rows.dtype)
        a, b = a.astype(rows.dtype), b.astype(rows.dtype)
        for block in rows.blocks():
            h, p = rows.features(block), rows.shares(block)
            self.s[:, :, block] = around(p, quadratic(a, h))
            self.t[:, :, block] = around(p, quadratic(b, h))

    def gains(self) -> NDArray[np.float64]:
        """(N,) tr[(I + S)^-1 T], what adding each row takes off the trace."""
        out = np.empty(self.rows.size)
        for block in self.rows.blocks():
            out[block] = traces(self.s[:, :, block].copy(), self.t[:, :, block].copy())
        return out

    def losses(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """(m,) tr[(I - S)^-1 T] of some rows, what taking each out adds to the trace."""
        with np.errstate(over="ignore", invalid="ignore"):  # features of 1e15 and more
            return np.nan_to_num(traces(self.s[:, :, places], self.t[:, :, places], -1))

    def change(self, w: NDArray[np.float64], z: NDArray[np.float64], sign: int) -> None:
        """A falls by sign w w', B by sign (w z' + z w'); w and z are (C, D, r)."""
        classes, width, rank = w.shape
        if rank == 0:
            return
        both = np.stack([w, z]).transpose(0, 1, 3, 2).reshape(-1, width)
        stacked = np.ascontiguousarray(both, dtype=self.rows.dtype)
        for block in self.rows.blocks():
            h, p = self.rows.features(block), self.rows.shares(block)
            product = (stacked @ h.T).reshape(2, classes, rank, len(h))
            y, x = through(p, product[0]), through(p, product[1])
            if sign < 0:
                for j in range(classes):
                    self.s[j, j:, block] += np.einsum("irn,rn->in", y[j:], y[j])
                    self.t[j, j:, block] += np.einsum("irn,rn->in", y[j:], x[j])
                    self.t[j, j:, block] += np.einsum("irn,rn->in", x[j:], y[j])
                continue
            for j in range(classes):
                self.s[j, j:, block] -= np.einsum("irn,rn->in", y[j:], y[j])
                self.t[j, j:, block] -= np.einsum("irn,rn->in", y[j:], x[j])
                self.t[j, j:, block] -= np.einsum("irn,rn->in", x[j:], y[j])


def _forward(
    rows: Rows, a: NDArray[np.float64], b: NDArray[np.float64], wanted: int, keys: NDArray[np.uint64]
) -> tuple[list[int], list[float]]:
    """The greedy; a and b are brought up to date in place."""
    short = rows.size * rows.classes**2 > _SHORT and rows.h.dtype.itemsize <= 4
    with np.errstate(over="ignore", invalid="ignore"):
        field = _Field(Rows(rows.probs, rows.h, np.float32 if short else np.float64), a, b)
    chosen: list[int] = []
    gains: list[float] = []
    free = np.ones(rows.size, dtype=bool)
    while len(chosen) < wanted:
        tell("smallest trace", len(chosen), wanted)
        found = _next(field, a, b, free, keys)
        if found is None:  # float32 is not enough here
            field = _Field(Rows(rows.probs, rows.h, np.float64), a, b)
            continue
        row, gain = found
        free[row] = False
        chosen.append(row)
        gains.append(gain)
        w, z, _ = _changed(rows, row, a, b, 1)
        field.change(w, z, 1)
    return chosen, gains


def _next(
    field: _Field, a: NDArray[np.float64], b: NDArray[np.float64], free: NDArray[np.bool_], keys: NDArray[np.uint64]
) -> tuple[int, float] | None:
    """The row of largest gain and its gain; None when the screen in float32 cannot be trusted."""
    left = np.flatnonzero(free)
    slack = _SLACK[field.rows.dtype]
    with np.errstate(over="ignore", invalid="ignore"):
        screen = field.gains()[left]
    short = field.rows.dtype == np.float32
    if short and not np.isfinite(screen).all():
        return None
    screen = np.nan_to_num(np.maximum(screen, 0.0))
    near = np.flatnonzero(screen >= screen.max() * (1.0 - slack))
    if len(near) > _CANDIDATES:
        near = near[top(snapped(screen[near], slack / 10), _CANDIDATES, keys[left[near]])]
    exact = np.nan_to_num(np.maximum(_Field(field.rows.take(left[near]), a, b).gains(), 0.0))
    if short and np.abs(exact - screen[near]).max() > slack / 4 * exact.max():
        return None
    place = best(exact, keys[left[near]])
    return int(left[near[place]]), float(exact[place])


def _backward(
    rows: Rows,
    known: NDArray[np.float64],
    ridge: float,
    fisher: NDArray[np.float64],
    n: int,
    keys: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """The n chosen rows that stay: the row whose loss is least goes, until n are left.

    Begins with matrices made anew, and makes them anew after a row that alone informed about some direction: taking it out
    by an update would leave nothing but rounding there.
    """
    stays = np.ones(rows.size, dtype=bool)
    later = np.iinfo(np.uint64).max - keys  # of equals, the one that would have been chosen last goes
    anew = True
    while stays.sum() > n:
        left = np.flatnonzero(stays)
        if anew:
            a = inverse(known + total_information(rows.take(left)), ridge)
            b = _sandwich(a, fisher)
            field = _Field(rows, a, b)
        gone = int(left[best(-field.losses(left), later[left])])
        stays[gone] = False
        w, z, least = _changed(rows, gone, a, b, -1)
        anew = least < _ALONE
        if not anew:
            field.change(w, z, -1)
    return np.flatnonzero(stays)


def _changed(
    rows: Rows, row: int, a: NDArray[np.float64], b: NDArray[np.float64], sign: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Add a row to M (sign 1) or take it out (-1): a and b in place; w and z (C, D, r) by which they changed.

    The third is the least eigenvalue of I + sign S: near 0 when a row goes that alone informed about a direction.

    A' = A - sign w w' with w = A X' R and R R' = (I + sign S)^-1; B' = A' F A' = B - sign (w z' + z w') with
    z = B X' R - sign/2 w (R' T R).
    """
    classes, width = a.shape[:2]
    v, h = rows.factor(row), np.asarray(rows.h[row], dtype=np.float64)
    ax, bx = ((m.reshape(-1, width) @ h).reshape(classes, width, classes) @ v for m in (a, b))
    s, t = (v.T @ np.einsum("cdk,d->ck", m, h) for m in (ax, bx))
    values, vectors = np.linalg.eigh(0.5 * (s + s.T))
    keep = values > 1e-14 * max(float(values.max()), 1e-300)  # sqrt(p), at least, is a direction without information
    r = vectors[:, keep] / np.sqrt(np.maximum(1.0 + sign * values[keep], 1e-12))
    w, z = ax @ r, bx @ r
    z -= 0.5 * sign * w @ (r.T @ t @ r)
    flat_w, flat_z = w.reshape(classes * width, -1), z.reshape(classes * width, -1)
    flat_a, flat_b = a.reshape(classes * width, -1), b.reshape(classes * width, -1)
    flat_a -= (sign * flat_w) @ flat_w.T
    flat_b -= np.hstack([sign * flat_w, sign * flat_z]) @ np.hstack([flat_z, flat_w]).T
    return w, z, 1.0 + sign * float(values.max()) if sign < 0 else 1.0
