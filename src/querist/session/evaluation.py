"""How good the model is on items that are held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import UnknownNameError, nearest
from querist.core.ports import Learner
from querist.core.signals import PREDICTION, PROBS
from querist.core.types import Array, ItemId
from querist.models.calibration.scores import brier, calibration_error

__all__ = ["METRICS", "Evaluation", "predicted"]

_TINY = 1e-12


def accuracy(probs: Array, targets: Array) -> float:
    """Share of items whose most probable class is right; soft targets count by their largest share."""
    truth = targets if targets.ndim == 1 else targets.argmax(axis=1)
    return float((probs.argmax(axis=1) == truth).mean())


def log_loss(probs: Array, targets: Array) -> float:
    """Mean cross entropy in nats against class numbers or soft targets."""
    logs = np.log(np.maximum(probs.astype(np.float64), _TINY))
    if targets.ndim == 1:
        return float(-logs[np.arange(len(targets)), targets].mean())
    return float(-(targets * logs).sum(axis=1).mean())


def macro_f1(probs: Array, targets: Array) -> float:
    """Mean over classes seen in the truth or the prediction of the F1 measure."""
    truth = targets if targets.ndim == 1 else targets.argmax(axis=1)
    guess = probs.argmax(axis=1)
    scores = []
    for c in np.union1d(truth, guess):
        hit = np.count_nonzero((truth == c) & (guess == c))
        scores.append(2.0 * hit / (np.count_nonzero(truth == c) + np.count_nonzero(guess == c)))
    return float(np.mean(scores))


def exact_match(probs: Array, targets: Array) -> float:
    """Share of items all of whose several labels are right at a threshold of one half."""
    return float(((probs >= 0.5) == (targets >= 0.5)).all(axis=1).mean())


def rmse(prediction: Array, targets: Array) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((prediction - targets) ** 2)))


def mae(prediction: Array, targets: Array) -> float:
    """Mean absolute error."""
    return float(np.abs(prediction - targets).mean())


METRICS: Mapping[str, Callable[[Array, Array], float]] = {
    "accuracy": accuracy,
    "log_loss": log_loss,
    "macro_f1": macro_f1,
    "exact_match": exact_match,
    "ece": calibration_error,
    "brier": brier,
    "rmse": rmse,
    "mae": mae,
}
"""Metrics by name; rmse and mae read predicted numbers, the others probabilities."""


@dataclass(frozen=True)
class Evaluation:
    """Held-out items, their truth and what to measure.

    Args:
        items: held-out items.
        targets: their encoded labels, (n,) or (n, C).
        metrics: names from `METRICS`.
    """

    items: Sequence[ItemId]
    targets: Array
    metrics: tuple[str, ...] = ("accuracy",)

    def __post_init__(self) -> None:
        """Refuse unknown metrics."""
        for name in self.metrics:
            if name not in METRICS:
                near = nearest(name, METRICS)
                hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(METRICS)}"
                raise UnknownNameError(f"unknown metric {name!r}; {hint}", code="UnknownName")

    def measure(self, learner: Learner) -> dict[str, float]:
        """The metrics of a fitted learner."""
        output = predicted(learner, self.items)
        return {name: METRICS[name](output, self.targets) for name in self.metrics}


def predicted(learner: Learner, items: Sequence[ItemId]) -> NDArray[np.float64]:
    """Probabilities (n, C), or predicted numbers (n,), whichever the learner provides."""
    signal = PROBS if PROBS in learner.provides else PREDICTION
    return np.asarray(learner.signals(items, frozenset({signal}))[signal])
