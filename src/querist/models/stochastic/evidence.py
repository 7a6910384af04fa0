"""How much the labels say about a prior: marginal likelihood of linear layers, from eigenvalues.

Source: MacKay, Bayesian Interpolation, 1992, equations 4.4 to 4.9; Immer, Bauer, Fortuin, Rätsch and Khan, Scalable
Marginal Likelihood Estimation for Model Selection in Deep Learning, 2021, equation 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["best_prior", "mode", "ridge"]

_LEAST, _MOST = 1e-4, 1e4
_QUIET = 1e-4
"""Least variance of the noise, of answers with variance 1."""


def best_prior(eigenvalues: Tensor, squared: float) -> float:
    """The precision a of the prior N(0, 1/a) under which the labels are most probable, by Laplace's approximation.

    What depends on a is -a |theta|^2 / 2 + sum log(a / (eigenvalue + a)) / 2; the best of 161 values from 1e-4 to 1e4.

    Args:
        eigenvalues: (P,) of the curvature of the loss, summed over the items, without the prior.
        squared: |theta|^2 at the weights found.
    """
    torch = _torch()
    grid = torch.logspace(-4, 4, 161, dtype=torch.float64)
    inner = torch.stack([torch.log(a / (eigenvalues + a)).sum() for a in grid])
    return float(grid[int((inner - grid * squared).argmax())])


def mode(h: Tensor, shares: Tensor, weights: Tensor, prior: float, start: Tensor, *, several: bool = False) -> Tensor:
    """The most probable weights of a softmax (or of sigmoids, for several labels) on fixed inputs, a convex problem.

    Args:
        h: (L, n) float64 inputs.
        shares: (L, C) class shares, or 0/1 for several labels.
        weights: (L,) of the items.
        prior: precision of the weights.
        start: (C, n) weights to begin from.
        several: sigmoids in place of a softmax.

    Returns:
        (C, n).
    """
    torch = _torch()
    with torch.enable_grad():
        theta = start.clone().requires_grad_(True)
        optimizer = torch.optim.LBFGS(
            [theta], max_iter=200, tolerance_grad=1e-7, tolerance_change=1e-10, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            outputs = h @ theta.T
            f = torch.nn.functional
            if several:
                each = f.binary_cross_entropy_with_logits(outputs, shares, reduction="none").sum(dim=1)
            else:
                each = f.cross_entropy(outputs, shares, reduction="none")
            total: Tensor = (weights * each).sum() + 0.5 * prior * theta.square().sum()
            total.backward()  # type: ignore[no-untyped-call]
            return total

        optimizer.step(loss)
    out: Tensor = theta.detach()
    return out


def ridge(
    h: Tensor, y: Tensor, weights: Tensor, prior: float | None, noise: float | None, turns: int = 300
) -> tuple[Tensor, Tensor, float, float]:
    """The exact posterior of a linear model with Gaussian prior and noise.

    Args:
        h: (L, n) float64 inputs.
        y: (L,) float64 answers with variance about 1.
        weights: (L,) of the items; an item of weight 2 counts as two.
        prior: precision of the weights, or None for the most probable one.
        noise: variance of the answers, or None for the most probable one.
        turns: most turns of the fixed point for what is None.

    Returns:
        Mean (n,), a factor F (n, n) with F F^T the covariance, prior and noise.
    """
    torch = _torch()
    values, vectors = torch.linalg.eigh(h.T @ (weights[:, None] * h))
    values = values.clamp_min(0)
    along = vectors.T @ (h.T @ (weights * y))
    a = 1.0 if prior is None else prior
    v = 0.1 if noise is None else noise
    for _ in range(turns):
        mean = along / (values + a * v)
        before = (a, v)
        known = float((values / (values + a * v)).sum())
        if prior is None:
            a = min(max(known / max(float(mean @ mean), 1e-12), _LEAST), _MOST)
        if noise is None:
            left = float((weights * (y - h @ (vectors @ mean)).square()).sum())
            v = max(left / max(float(weights.sum()) - known, 1e-12), _QUIET)
            v = min(v, 1.0)
        if abs(a - before[0]) <= 1e-9 * a and abs(v - before[1]) <= 1e-9 * v:
            break
    mean = vectors @ (along / (values + a * v))
    return mean, vectors * (values / v + a).rsqrt(), a, v
