"""Rules that decide now: ask for the label of an item of a stream, or let it pass for good.

A rule is a value; what it learns on the way is its memory, a mapping of plain numbers and lists.
`querist.StreamSampler` runs a rule and adds the hard bound: at most ceil(budget * items) are asked.
"""

from __future__ import annotations

import copy
import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import Context, Needs
from querist.strategies.algebra import Score, rated

__all__ = [
    "Chance",
    "Memory",
    "Moment",
    "Quantile",
    "Randomised",
    "Rule",
    "Split",
    "Threshold",
    "Variable",
    "between_0_and_1",
]

Memory = dict[str, Any]


@dataclass(frozen=True)
class Moment:
    """The item at hand, and where the stream stands.

    Args:
        value: its rating, or a row of what the rule looks at.
        seen: items so far, this one included.
        asked: how many of those before it were asked.
        budget: share of items that may be asked.
        affordable: whether one more is within the budget.
        draw: a uniform number for this item and the draw of that name.
    """

    value: Any
    seen: int
    asked: int
    budget: float
    affordable: bool
    draw: Callable[[str], float]


@dataclass(frozen=True)
class Rule(ABC):
    """Accepts or passes over one item after the other."""

    name: ClassVar[str] = ""
    rates: ClassVar[bool] = True
    """whether items come with the ratings of a score."""

    @property
    def needs(self) -> Needs:
        """Signals that the rule reads itself."""
        return Needs()

    def begin(self) -> Memory:
        """The memory before the first item."""
        return {}

    def values(self, ctx: Context, score: Score | None) -> NDArray[np.float64]:
        """What the rule looks at: a row for each item of the context."""
        assert score is not None
        return np.asarray(rated(score, ctx), dtype=np.float64)

    def save(self, memory: Memory) -> Memory:
        """The memory as JSON can hold it."""
        return copy.deepcopy(memory)

    def restore(self, saved: Memory) -> Memory:
        """The memory that `save` wrote."""
        return copy.deepcopy(saved)

    @abstractmethod
    def wants(self, now: Moment, memory: Memory) -> bool:
        """Whether the item is to be asked; ``memory`` is changed. False where it is not affordable."""

    def parameters(self) -> dict[str, Any]:
        """What the rule was made with."""
        return asdict(self)

    def __post_init__(self) -> None:
        """Each number within its bounds."""
        for name, value in self.parameters().items():
            if name not in _BOUNDS:
                continue
            low, high, whole = _BOUNDS[name]
            bounds = f"from {low:g} to {high:g}" if high < math.inf else "" if low == -math.inf else f"≥ {low:g}"
            words = f"a {'whole ' if whole else ''}number {bounds}".strip()
            if isinstance(value, bool) or not isinstance(value, numbers.Integral if whole else numbers.Real):
                raise ArgumentTypeError(
                    f"{name} must be {words}, got {type(value).__name__} {shorten(value)}", code="BadParameter"
                )
            if not low <= float(value) <= high or not math.isfinite(float(value)):
                raise ArgumentError(f"{name} must be {words}, got {value}", code="BadParameter")


_BOUNDS: dict[str, tuple[float, float, bool]] = {
    "at": (-math.inf, math.inf, False),
    "start": (0.0, math.inf, False),
    "step": (0.0, 1.0, False),
    "window": (1, math.inf, True),
    "deviation": (0.0, math.inf, False),
    "share": (0.0, 1.0, False),
    "tolerance": (1e-9, math.inf, False),
    "width": (1, math.inf, True),
    "ridge": (1e-12, math.inf, False),
}


@dataclass(frozen=True)
class Threshold(Rule):
    """Asks for every item rated ``at`` or more, as long as the budget lasts: the fixed uncertainty strategy.

    Source: Zliobaite, Bifet, Pfahringer and Holmes, Active Learning with Drifting Streaming Data, 2014, the strategy
    with a fixed uncertainty threshold theta (``at`` = 1 - theta on `least_confidence`).

    Args:
        at: the rating.
    """

    at: float = 0.5
    name: ClassVar[str] = "threshold"

    def wants(self, now: Moment, memory: Memory) -> bool:
        """Rated high enough."""
        return now.affordable and float(now.value) >= self.at


@dataclass(frozen=True)
class Chance(Rule):
    """Asks with probability budget, whatever the item: the random strategy, for comparison and against drift.

    Source: Zliobaite et al. 2014, the random strategy.
    """

    name: ClassVar[str] = "chance"

    def wants(self, now: Moment, memory: Memory) -> bool:
        """A draw."""
        return now.affordable and now.draw("chance") < now.budget


@dataclass(frozen=True)
class Variable(Rule):
    """Asks while confidence is below a threshold that falls with every label asked and rises with every item passed.

    Confidence is 1 - rating, so the score must lie between 0 and 1 (`least_confidence` is the paper's; `margin`).
    Spending is estimated over a window: u <- u (w - 1) / w + asked; while u / w is not below the budget nothing is
    asked and the threshold stays. So it settles where, while there is budget, about as many items are asked as passed:
    near the median, after some hundred items with the default step. `Quantile` is choosier.

    Source: Zliobaite et al. 2014, the variable uncertainty strategy and its estimate of spending.

    Args:
        start: first threshold.
        step: relative change of the threshold for each item.
        window: items over which spending is estimated.
    """

    start: float = 1.0
    step: float = 0.01
    window: int = 100
    name: ClassVar[str] = "variable"

    def begin(self) -> Memory:
        """The threshold and what was spent."""
        return {"threshold": float(self.start), "spent": 0.0}

    def values(self, ctx: Context, score: Score | None) -> NDArray[np.float64]:
        """Ratings between 0 and 1."""
        return between_0_and_1(super().values(ctx, score), self.name, score)

    def wants(self, now: Moment, memory: Memory) -> bool:
        """Less sure than the threshold, within the budget."""
        asks = False
        if now.affordable and memory["spent"] / self.window < now.budget:
            asks = self._asks(now, memory)
        memory["spent"] = memory["spent"] * (self.window - 1) / self.window + asks
        return asks

    def _asks(self, now: Moment, memory: Memory) -> bool:
        asks = bool(1.0 - float(now.value) < memory["threshold"] * self._factor(now))
        memory["threshold"] *= 1.0 - self.step if asks else 1.0 + self.step
        return asks

    def _factor(self, now: Moment) -> float:
        return 1.0


@dataclass(frozen=True)
class Randomised(Variable):
    """`Variable` with a threshold that is multiplied, for each item anew, by a normal number of mean 1.

    So items far from the decision boundary are asked now and then, where drift would otherwise go unseen.

    Source: Zliobaite et al. 2014, the uncertainty strategy with randomisation.

    Args:
        start: first threshold.
        step: relative change of the threshold for each item.
        window: items over which spending is estimated.
        deviation: standard deviation of the factor.
    """

    deviation: float = 1.0
    name: ClassVar[str] = "randomised"

    def _factor(self, now: Moment) -> float:
        return 1.0 + self.deviation * NormalDist().inv_cdf(now.draw("randomised"))


@dataclass(frozen=True)
class Split(Variable):
    """`Variable`, but a share of the items, drawn at random, is asked with probability budget instead.

    The labels of that share are an unbiased sample, fit for detecting drift and for estimating accuracy.

    Source: Zliobaite et al. 2014, the split strategy.

    Args:
        start: first threshold.
        step: relative change of the threshold for each item.
        window: items over which spending is estimated.
        share: share of items in the random part.
    """

    share: float = 0.1
    name: ClassVar[str] = "split"

    def _asks(self, now: Moment, memory: Memory) -> bool:
        if now.draw("split") < self.share:
            return now.draw("chance") < now.budget
        return super()._asks(now, memory)


@dataclass(frozen=True)
class Quantile(Rule):
    """Asks for ratings in the top share of the last items; the threshold gives way as the budget is under- or overspent.

    With theta the quantile 1 - budget of the ratings in the window, this item's included, the item is asked when

        rating >= theta - (max - min in the window) * (budget * seen - asked) / tolerance

    (the balanced incremental quantile filter). Any score will do.

    Source: Kottke, Krempl and Spiliopoulou, Probabilistic Active Learning in Datastreams, 2015.

    Args:
        window: ratings that are remembered.
        tolerance: labels over or under the budget that move the threshold by the whole range of ratings.
    """

    window: int = 100
    tolerance: float = 50.0
    name: ClassVar[str] = "quantile"

    def begin(self) -> Memory:
        """No ratings yet."""
        return {"ratings": []}

    def wants(self, now: Moment, memory: Memory) -> bool:
        """Among the highest."""
        memory["ratings"] = [*memory["ratings"], float(now.value)][-self.window :]
        ratings = np.array(memory["ratings"])
        left = now.budget * now.seen - now.asked
        bound = np.quantile(ratings, 1.0 - now.budget) - (ratings.max() - ratings.min()) * left / self.tolerance
        return now.affordable and bool(float(now.value) >= bound)


def between_0_and_1(values: NDArray[np.float64], rule: str, score: Score | None) -> NDArray[np.float64]:
    """The ratings, or an error that names the rule and the score."""
    if len(values) and (values.min() < -1e-6 or values.max() > 1.0 + 1e-6):
        raise ArgumentError(
            f"the rule {rule} needs a score between 0 and 1, e.g. least_confidence or margin; {score} goes from "
            f"{values.min():.4g} to {values.max():.4g}; the rule quantile takes any score",
            code="BadParameter",
        )
    return values
