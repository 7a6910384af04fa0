from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import BayesianRidge, LogisticRegression

from querist.models.stochastic.evidence import best_prior, mode, ridge


def line(count: int = 40, width: int = 5, noise: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    h = torch.randn(count, width, generator=draw, dtype=torch.float64)
    y = h[:, 0] - 0.5 * h[:, 1] + noise * torch.randn(count, generator=draw, dtype=torch.float64)
    return h, y


def test_the_posterior_is_that_of_bayesian_ridge() -> None:
    h, y = line()
    peer = BayesianRidge(fit_intercept=False, alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, max_iter=1000, tol=1e-12)
    peer.fit(h.numpy(), y.numpy())
    mean, factor, prior, noise = ridge(h, y, torch.ones(40, dtype=torch.float64), None, None)
    assert prior == pytest.approx(peer.lambda_, rel=1e-5)
    assert noise == pytest.approx(1 / peer.alpha_, rel=1e-5)
    assert np.allclose(mean.numpy(), peer.coef_, rtol=1e-6)
    assert np.allclose((factor @ factor.T).numpy(), peer.sigma_, rtol=1e-5, atol=1e-9)


def test_given_prior_and_noise_are_kept_and_weights_are_copies() -> None:
    h, y = line(12, 3)
    counts = torch.tensor([2.0] + [1.0] * 11, dtype=torch.float64)
    mean, factor, prior, noise = ridge(h, y, counts, 2.0, 0.5)
    twice = ridge(torch.cat([h[:1], h]), torch.cat([y[:1], y]), torch.ones(13, dtype=torch.float64), 2.0, 0.5)
    assert (prior, noise) == (2.0, 0.5)
    assert torch.allclose(mean, twice[0])
    covariance = torch.linalg.inv(h.T @ (counts[:, None] * h) / 0.5 + 2 * torch.eye(3, dtype=torch.float64))
    assert torch.allclose(factor @ factor.T, covariance)
    assert torch.allclose(mean, covariance @ h.T @ (counts * y) / 0.5)


def test_a_perfect_line_keeps_a_little_noise() -> None:
    h, y = line(noise=0.0)
    assert ridge(h, y, torch.ones(40, dtype=torch.float64), None, None)[3] == 1e-4


def test_the_best_prior_solves_mackays_equation() -> None:
    eigenvalues = torch.tensor([50.0, 8.0, 0.5, 0.01], dtype=torch.float64)
    found = best_prior(eigenvalues, 6.0)
    known = float((eigenvalues / (eigenvalues + found)).sum())
    assert found == pytest.approx(known / 6.0, rel=0.1)  # the grid steps by 12 %

    def evidence(a: float) -> float:
        return -a * 3.0 + 0.5 * sum(math.log(a / (float(v) + a)) for v in eigenvalues)

    assert evidence(found) >= max(evidence(0.8 * found), evidence(1.25 * found))


def test_large_weights_ask_for_a_wide_prior() -> None:
    eigenvalues = torch.ones(10, dtype=torch.float64)
    assert best_prior(eigenvalues, 100.0) < best_prior(eigenvalues, 1.0)


def test_the_mode_is_that_of_logistic_regression() -> None:
    h, _ = line(60, 3)
    y = torch.arange(60) % 3
    h = h + torch.eye(3, dtype=torch.float64)[y]
    peer = LogisticRegression(C=1 / 0.5, fit_intercept=False, tol=1e-10, max_iter=1000).fit(h.numpy(), y.numpy())
    shares = torch.nn.functional.one_hot(y).double()
    start = torch.zeros(3, 3, dtype=torch.float64)
    found = mode(h, shares, torch.ones(60, dtype=torch.float64), 0.5, start)
    assert np.allclose(found.numpy(), peer.coef_, atol=1e-4)
    binary = LogisticRegression(C=1 / 0.5, fit_intercept=False, tol=1e-10, max_iter=1000).fit(
        h.numpy(), (y == 1).numpy()
    )
    several = mode(h, shares, torch.ones(60, dtype=torch.float64), 0.5, start, several=True)
    assert np.allclose(several[1].numpy(), binary.coef_[0], atol=1e-4)
