"""Calibration in one number: calibration error, negative log-likelihood, Brier score. Lower is better in all.

Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017, equation 3; Nixon and others,
2019, for bins of as many items each; Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.
"""

from __future__ import annotations

import numpy as np

from querist.core.types import Array
from querist.models.calibration.reliability import reliability, top_class

__all__ = ["brier", "calibration_error", "nll"]

_TINY = 1e-12


def calibration_error(probs: Array, targets: Array, bins: int = 15, *, adaptive: bool = False) -> float:
    """Expected calibration error of the most probable class, from 0 to 1.

    Args:
        probs: (n, C), rows sum to 1.
        targets: (n,) class numbers or (n, C) shares.
        bins: how many.
        adaptive: bins of as many items each in place of bins of one width.
    """
    return reliability(*top_class(probs, targets), bins, adaptive=adaptive).error


def nll(probs: Array, targets: Array) -> float:
    """Mean negative log-likelihood in nats; probabilities below 1e-12 count as that.

    Args:
        probs: (n, C).
        targets: (n,) class numbers or (n, C) shares.
    """
    logs = np.log(np.maximum(np.asarray(probs, dtype=np.float64), _TINY))
    return float(-(_shares(targets, logs.shape[1]) * logs).sum(axis=1).mean())


def brier(probs: Array, targets: Array) -> float:
    """Mean squared distance of the probabilities from the truth, summed over classes: from 0 to 2.

    Args:
        probs: (n, C).
        targets: (n,) class numbers or (n, C) shares; for shares s it is |p|^2 - 2 p s + 1, the mean over the answers.
    """
    p = np.asarray(probs, dtype=np.float64)
    return float(((p * p).sum(axis=1) - 2 * (p * _shares(targets, p.shape[1])).sum(axis=1) + 1).mean())


def _shares(targets: Array, classes: int) -> Array:
    y = np.asarray(targets)
    return np.eye(classes)[y] if y.ndim == 1 else y
