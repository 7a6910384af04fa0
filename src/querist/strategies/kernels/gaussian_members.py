"""Members of a regression, (N, S), taken as draws from a Gaussian: information and variance that an answer takes away.

With deviations d_x of the members from their mean, the covariance of two predictions is d_x . d_x' / S. Everything below
is written in these S numbers an item: no (N, N) covariance is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.members import variance

__all__ = ["gaussian_information", "greedy_variance_reduction", "information_about"]

_ROWS, _COLUMNS = 256, 1024
_LEAST = 1e-15
"""Share of the variance that the noise is taken to have at least: where double precision ends."""


def gaussian_information(members: NDArray[Any], noise: NDArray[Any]) -> NDArray[np.float64]:
    """1/2 log(1 + variance of the members / variance of the noise), in nats: (N, S), (N,) -> (N,), at most 17.3."""
    spread = variance(members)
    floor = np.maximum(np.asarray(noise, dtype=np.float64), _LEAST * spread)
    ratio = np.divide(spread, floor, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(0.5 * np.log1p(ratio))


def information_about(
    members: NDArray[Any], noise: NDArray[Any], reference: NDArray[Any], reference_noise: NDArray[Any]
) -> NDArray[np.float64]:
    """Mean over reference items of the mutual information of the two answers, in nats: (N,) at least 0.

    For two Gaussian answers with correlation r it is -1/2 log(1 - r^2); the variances of the answers are those of the
    members plus the noise.

    Args:
        members: (N, S).
        noise: (N,) variances.
        reference: (M, S).
        reference_noise: (M,) variances.
    """
    out = np.empty(len(members))
    others = [_whitened(reference[s], reference_noise[s], _COLUMNS) for s in _slices(len(reference), _COLUMNS)]
    for rows in _slices(len(members), _ROWS):
        ours = _whitened(members[rows], noise[rows], _ROWS)
        total = np.zeros(_ROWS)
        for theirs in others:
            square = np.square(ours @ theirs.T)
            total -= np.log1p(-np.minimum(square, 1.0 - _LEAST)).sum(axis=1)
        out[rows] = total[: rows.stop - rows.start]
    return out / (2.0 * len(reference))


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _deviations(members: NDArray[Any]) -> NDArray[np.float64]:
    """(B, S) deviations from the mean over members; exactly 0 where all agree."""
    wide = np.asarray(members, dtype=np.float64)
    apart: NDArray[np.float64] = wide - wide[:, :1]
    apart -= apart.mean(axis=1, keepdims=True)
    return apart


def _whitened(members: NDArray[Any], noise: NDArray[Any], height: int) -> NDArray[np.float64]:
    """(height, S) deviations divided by sqrt(S (variance + noise)), padded with zeros: products are correlations."""
    apart = _deviations(members)
    scale = np.vecdot(apart, apart) + apart.shape[1] * np.asarray(noise, dtype=np.float64)
    out = np.zeros((height, apart.shape[1]))
    np.divide(apart, np.sqrt(scale)[:, None], out=out[: len(apart)], where=scale[:, None] > 0)
    return out


def greedy_variance_reduction(
    members: NDArray[Any],
    noise: NDArray[Any],
    reference: NDArray[Any],
    n: int,
    keys: NDArray[np.uint64],
    before: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """n picks, each the row whose answer takes most variance from the reference predictions, given those before it.

    An answer at x takes cov(x, x')^2 / (var(x) + noise(x)) from the variance at x'. Conditioned covariances are
    d_x' C d_x' / S with one (S, S) matrix C, so a pick costs N S^2 operations whatever the number of reference items.

    Args:
        members: (N, S).
        noise: (N,) variances.
        reference: (M, S).
        n: how many, at most N.
        keys: (N,) tie keys.
        before: members (K, S) and noise (K,) of items whose answers are coming.

    Returns:
        (n,) rows in order, and (n,) mean reduction over the reference items.
    """
    samples = members.shape[1]
    inner = np.eye(samples) / samples
    other = _deviations(reference)
    gram = other.T @ other / max(len(other), 1)
    if before is not None:
        for item, own in zip(_deviations(before[0]), np.asarray(before[1], dtype=np.float64), strict=True):
            inner = _conditioned(inner, item, float(own))
    out, gains = [], []
    open_ = np.ones(len(members), dtype=bool)
    for _ in range(n):
        reduction = _reductions(members, noise, inner, inner @ gram @ inner)
        reduction[~open_] = -np.inf
        best = reduction.max()
        tied = np.flatnonzero(reduction >= best - 1e-9 * abs(best))
        chosen = int(tied[keys[tied].argmin()])
        out.append(chosen)
        gains.append(float(reduction[chosen]))
        open_[chosen] = False
        inner = _conditioned(inner, _deviations(members[chosen : chosen + 1])[0], float(noise[chosen]))
    return np.array(out, dtype=np.int64), np.array(gains)


def _reductions(
    members: NDArray[Any], noise: NDArray[Any], inner: NDArray[np.float64], outer: NDArray[np.float64]
) -> NDArray[np.float64]:
    out = np.empty(len(members))
    for rows in _slices(len(members), 4096):
        apart = _deviations(members[rows])
        own = np.maximum(np.vecdot(apart @ inner, apart), 0.0)
        taken = np.maximum(np.vecdot(apart @ outer, apart), 0.0)
        whole = own + np.maximum(np.asarray(noise[rows], dtype=np.float64), _LEAST * own)
        out[rows] = np.divide(taken, whole, out=np.zeros_like(taken), where=whole > 0)
    return out


def _conditioned(inner: NDArray[np.float64], item: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    turned = inner @ item
    own = float(turned @ item)
    whole = own + max(noise, _LEAST * own)
    return inner - np.outer(turned, turned) / whole if whole > 0 else inner
