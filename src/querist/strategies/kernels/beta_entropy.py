"""Entropy of class probabilities that are themselves uncertain, each taken as a Beta variable."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.members import moments
from querist.strategies.kernels.probabilities import block_entropy

__all__ = ["balanced_entropy"]

_LEAST = 1e-6
"""A share of the largest variance that a probability of that mean can have is kept between this and one less this."""


def balanced_entropy(members: NDArray[Any]) -> NDArray[np.float64]:
    """(sum over classes of m h + H) / (H + log 2): (N, S, C) -> (N,), at most 1.

    m is the mean of a class's probability over members and H the entropy of the means. With mean m and variance v the
    Beta variable has a + b = m (1 - m) / v - 1; h is the differential entropy of Beta(a + 1, b), the probability of the
    class once it has been seen. It is at most 0.
    """
    from scipy.special import betaln, digamma

    out = np.empty(len(members))
    for rows, mean, spread in moments(members):
        m = np.clip(mean, 1e-12, 1.0 - 1e-12)
        share = np.clip(spread / (m * (1.0 - m)), _LEAST, 1.0 - _LEAST)
        mass = 1.0 / share - 1.0
        a, b = m * mass + 1.0, (1.0 - m) * mass
        h = betaln(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b)
        entropy = block_entropy(np.ascontiguousarray(mean))
        out[rows] = (np.vecdot(m, np.minimum(h, 0.0)) + entropy) / (entropy + np.log(2.0))
    return out
