"""A head for numbers that says how noisy the answer is: two outputs an item, the mean and the log variance.

Source: Nix and Weigend, Estimating the Mean and Variance of the Target Probability Distribution, 1994; Kendall and Gal,
What Uncertainties Do We Need in Bayesian Deep Learning, 2017, equation 8; Seitzer, Tavakoli, Antic and Martius, On the
Pitfalls of Heteroscedastic Uncertainty Estimation, 2022, equation 5, for ``beta``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from querist.core.types import Array

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["OUTPUTS", "losses", "read"]

OUTPUTS = 2
"""Outputs the network must give: mean and log variance."""
_BOUND = 10.0
"""Log variances are kept within plus and minus this, of answers with variance 1."""


def losses(outputs: Tensor, targets: Tensor, beta: float = 0.5) -> Tensor:
    """Gaussian negative log-likelihood of each item without its constant: (n,), in nats.

    Args:
        outputs: (n, 2) means and log variances.
        targets: (n,) standardised numbers.
        beta: 0 is the plain likelihood, which learns slowly where the fit is bad at first; each loss is weighed by the
            variance to the power of ``beta``, without a gradient through the weight.
    """
    mean, log_variance = outputs[:, 0], outputs[:, 1].clamp(-_BOUND, _BOUND)
    each = 0.5 * ((targets - mean).square() * (-log_variance).exp() + log_variance)
    return each if beta == 0 else each * (beta * log_variance.detach()).exp()


def read(outputs: Tensor, shift: float = 0.0, scale: float = 1.0) -> dict[str, Array]:
    """What the head tells: ``prediction`` (n,) and ``noise`` (n,), a variance, in the units of the answers.

    Args:
        outputs: (n, 2) means and log variances of standardised numbers.
        shift: mean of the answers before they were standardised.
        scale: their standard deviation.
    """
    table = outputs.detach().cpu().double().numpy()
    return {
        "prediction": table[:, 0] * scale + shift,
        "noise": np.exp(np.clip(table[:, 1], -_BOUND, _BOUND)) * scale**2,
    }
