"""Stop when a metric no longer improves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.types import Progress, StopReason
from querist.session.rules.base import StopRuleBase, check_positive

__all__ = ["Plateau"]


@dataclass(frozen=True)
class Plateau(StopRuleBase):
    """Stop when the best of the last ``patience`` rounds is no better than the best before them.

    "Better" means better by at least ``min_delta``, and in any case better. Rounds in which the metric was not
    measured, or is NaN, do not count.

    Args:
        metric: name of the metric, as fits report it.
        patience: rounds to wait for an improvement, at least 1.
        min_delta: least improvement that counts, in the unit of the metric.
        best: "max" where more is better (accuracy), "min" where less is (an error).
    """

    metric: str = "accuracy"
    patience: int = 5
    min_delta: float = 0.0
    best: Literal["max", "min"] = "max"

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not isinstance(self.metric, str) or not self.metric:
            raise ArgumentTypeError(f"metric must be a metric's name, got {shorten(self.metric)}", code="BadMetric")
        if self.best not in ("max", "min"):
            raise ArgumentError(f"best must be 'max' or 'min', got {shorten(self.best)}", code="BadChoice")
        object.__setattr__(self, "patience", check_count(self.patience, "patience"))
        object.__setattr__(self, "min_delta", check_positive(self.min_delta, "min_delta", zero=True))

    def check(self, progress: Progress) -> StopReason | None:
        """A reason once the metric is flat.

        Raises:
            UnknownNameError: rounds were fitted and none has this metric (code ``UnknownMetric``).
        """
        values = self._values(progress)
        if len(values) <= self.patience:
            return None
        choose, sign = (max, 1.0) if self.best == "max" else (min, -1.0)
        before, recent = choose(values[: -self.patience]), choose(values[-self.patience :])
        gain = sign * (recent - before)
        # the slack keeps 0.81 - 0.80 from falling short of a min_delta of 0.01 by rounding
        if gain > 0 and gain >= self.min_delta - 1e-12:
            return None
        return self.reason(
            f"{self.metric} has not improved by {self.min_delta:g} in the last {self.patience} rounds: "
            f"the best of them is {recent:.4g}, the best before was {before:.4g}"
            if self.min_delta
            else f"{self.metric} has not improved in the last {self.patience} rounds: "
            f"the best of them is {recent:.4g}, the best before was {before:.4g}"
        )

    def _values(self, progress: Progress) -> list[float]:
        found: list[float | None] = [r.metrics[self.metric] for r in progress.history if self.metric in r.metrics]
        if progress.history and not found:
            known = sorted({name for r in progress.history for name in r.metrics})
            near = nearest(self.metric, known)
            hint = f"did you mean {near[0]!r}?" if near else f"measured are: {', '.join(known) or 'none'}"
            raise UnknownNameError(
                f"{self} waits for the metric {self.metric!r}, which no round has; {hint}", code="UnknownMetric"
            )
        # a journal keeps no NaN: a figure that was NaN comes back from it as None
        return [float(v) for v in found if v is not None and not math.isnan(v)]
