"""When to stop, and what another hour would buy: figures with their intervals, and sentences that claim no more.

A round follows each answer, and two models one answer apart agree on everything. So rules and curve look at milestones
only: rounds with at least a tenth more labels than the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from querist.core.errors import QueristError
from querist.core.types import Progress, Round
from querist.data.schema import Number, Schema, SingleLabel
from querist.session.rules.all_of import AllOf
from querist.session.rules.any_of import AnyOf
from querist.session.rules.base import StopRuleBase
from querist.session.rules.max_cost import MaxCost
from querist.session.rules.max_labels import MaxLabels
from querist.session.rules.max_rounds import MaxRounds
from querist.session.rules.parse import parse_rule
from querist.session.rules.plateau import Plateau
from querist.session.rules.stable_predictions import StablePredictions

__all__ = [
    "DEFAULT_RULE",
    "Measured",
    "advise",
    "answers_an_hour",
    "default_rule",
    "is_milestone",
    "milestones",
    "rule_in_words",
    "wilson",
]

DEFAULT_RULE = "stable_predictions & plateau(patience=3)"
_SETS_RULE = "stable_predictions & plateau(metric=exact_match, patience=3)"
_NUMBER_RULE = "stable_predictions & plateau(metric=mae, patience=3, best=min)"
_Z = 1.96
_STEP = 0.1
_LEAST_STEP = 5
_PAUSE = 300.0
"""Seconds after which nobody was at work between two answers."""
_EXPONENTS = (0.25, 0.5, 1.0)
_ENOUGH = 30
"""Validation answers from which on anything is said about gains."""


def default_rule(schema: Schema) -> str:
    """The stop rule for a kind of label: models agree, and what is measured is flat."""
    if isinstance(schema, Number):
        return _NUMBER_RULE
    return DEFAULT_RULE if isinstance(schema, SingleLabel) else _SETS_RULE


def wilson(hits: int, count: int, z: float = _Z) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson, Probable Inference, 1927); 0 to 1 where nothing was counted.

    >>> [round(v, 4) for v in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if count == 0:
        return 0.0, 1.0
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)  # rounding must not part them


@dataclass(frozen=True)
class Measured:
    """A figure on the validation answers, with its interval.

    Args:
        name: of the metric: "accuracy", "exact_match", or "mae" for numbers.
        value: the figure.
        low: end of the 95 % interval.
        high: other end.
        n: validation answers.
    """

    name: str
    value: float
    low: float
    high: float
    n: int

    def metrics(self) -> dict[str, float]:
        """As the metrics of a report."""
        return {
            self.name: self.value,
            f"{self.name}_low": self.low,
            f"{self.name}_high": self.high,
            "validation": float(self.n),
        }


def is_milestone(last: int, labels: int) -> bool:
    """Whether ``labels`` are enough more than at the last milestone."""
    return labels >= last + max(_LEAST_STEP, math.ceil(_STEP * last))


def milestones(rounds: Sequence[Round]) -> list[Round]:
    """The rounds that rules and curve look at: each with a tenth more labels than the one before."""
    out: list[Round] = []
    for round in rounds:
        if round.labels and (not out or is_milestone(out[-1].labels, round.labels)):
            out.append(round)
    return out


def answers_an_hour(told: Sequence[tuple[int, float, float]]) -> float | None:
    """The pace of the last 100 answers while somebody was at work; None for fewer than 5 of them.

    Args:
        told: (place in the journal, seconds since the epoch, seconds it took) of each answer.
    """
    recent = [at for _, at, _ in told[-101:] if at > 0]
    gaps = [b - a for a, b in pairwise(recent) if 0 < b - a <= _PAUSE]
    if len(gaps) < 5:
        gaps = [seconds for _, _, seconds in told[-100:] if 0 < seconds <= _PAUSE]
    return 3600.0 / (sum(gaps) / len(gaps)) if len(gaps) >= 5 else None


def advise(
    progress: Progress,
    told: Sequence[tuple[int, float, float]],
    rule: str,
    measured: Measured | None,
    agreement: str = "kappa",
) -> dict[str, Any]:
    """The advice of a round, as the panel shows it.

    Args:
        progress: with every round in its history.
        told: see `answers_an_hour`.
        rule: text of the stop rule.
        measured: how good the model is now, or None without validation answers.
        agreement: what the agreement of two models is, for the figures of a rule that goes by it.
    """
    seen = replace(progress, history=tuple(milestones(progress.history)))
    stop, text = _ask(parse_rule(rule), seen, measured)
    text = text.replace("kappa between successive models", f"{agreement} between successive models")
    history = [{"labels": r.labels, "value": round(r.agreement, 4)} for r in seen.history if r.agreement is not None]
    return {"stop": stop, "rule": rule, "text": text, "history": history, "hour": _hour(seen, told, measured)}


def _ask(rule: StopRuleBase, progress: Progress, measured: Measured | None) -> tuple[bool, str]:
    try:
        reason = rule.check(progress)
    except QueristError:  # a metric that no round has yet
        return False, "The rule cannot tell yet: what it looks at has not been measured."
    words = rule_in_words(rule)
    if reason is not None:
        known = ""
        if measured is not None and measured.n < _ENOUGH:
            known = f" Only {measured.n} validation answers measure it so far, so the score is not known well."
        return True, f"You can stop: {words}.{known} In figures: {reason.text}."
    seen = len(progress.history)
    looked = f"{seen} models were" if seen > 1 else "One model was" if seen else "No model was"
    return False, f"Go on until {words}. {looked} looked at so far."


def rule_in_words(rule: StopRuleBase) -> str:
    """What a rule waits for, as the end of a sentence that begins with "until"."""
    if isinstance(rule, AllOf):
        return ", and ".join(map(rule_in_words, rule.rules))
    if isinstance(rule, AnyOf):
        return ", or ".join(map(rule_in_words, rule.rules))
    if isinstance(rule, StablePredictions):
        return "successive models agree on nearly all items"
    if isinstance(rule, Plateau) and rule.best == "min":
        return "the error on the validation items no longer gets smaller"
    if isinstance(rule, Plateau):
        return "the score on the validation items no longer gets better"
    if isinstance(rule, MaxLabels):
        return f"{rule.n:,} items are labelled"
    if isinstance(rule, MaxRounds):
        return f"{rule.n:,} models were fitted"
    if isinstance(rule, MaxCost):
        return f"the answers cost {rule.cost:g}"
    return f"the rule {rule} is met"


def _hour(progress: Progress, told: Sequence[tuple[int, float, float]], measured: Measured | None) -> str:
    """What another hour would buy, in a sentence that is no surer than the figures."""
    pace = answers_an_hour(told)
    if pace is None:
        return "Too early to tell what an hour would bring: there are too few answers to know your pace."
    more = min(round(pace), max(progress.available, 0))
    if more == 0:
        return "Nothing is left to ask about."
    about = f"about {more} answers" if more == round(pace) else f"{more} answers, which is all that is left"
    if measured is None or measured.n < _ENOUGH:
        have = 0 if measured is None else measured.n
        there = f"{have} of {_ENOUGH} validation answers are there"
        return f"An hour is {about}. What they would bring cannot be told: {there}."
    known = [r for r in progress.history if r.metrics.get(measured.name) is not None]
    points = [(r.labels, r.metrics[measured.name]) for r in known]
    fitted = _curve(points)
    if fitted is None:
        return f"An hour is {about}. What they would bring cannot be told yet: the curve has {len(points)} points."
    level, slope, exponent = fitted
    now = level - slope * progress.labels**-exponent
    then = level - slope * (progress.labels + more) ** -exponent
    gain, doubt = abs(then - now), (measured.high - measured.low) / 2
    if measured.name == "mae":
        said = f"lower the mean error by about {gain:.3g} (it is {measured.value:.3g})"
        unsure = f", less than the {doubt:.2g} that {measured.n} validation answers can tell apart"
    else:
        said = f"add about {100 * gain:.1f} points ({measured.value:.0%} now)"
        unsure = f", less than the {100 * doubt:.0f} points that {measured.n} validation answers can tell apart"
    return f"Another hour, {about}, would {said}, if the curve goes on as it did{unsure if gain < doubt else ''}."


def _curve(points: Sequence[tuple[int, float]]) -> tuple[float, float, float] | None:
    """Level a, slope b and exponent c of a - b * labels**-c, by least squares; None for too few points."""
    kept = [(n, v) for n, v in points if n > 0 and math.isfinite(v)]
    if len(kept) < 4:
        return None
    labels = np.asarray([n for n, _ in kept], dtype=np.float64)
    values = np.asarray([v for _, v in kept], dtype=np.float64)
    best: tuple[float, tuple[float, float, float]] | None = None
    for exponent in _EXPONENTS:
        design = np.column_stack([np.ones(len(labels)), -(labels**-exponent)])
        found = np.linalg.lstsq(design, values, rcond=None)[0]
        loss = float(((design @ found - values) ** 2).sum())
        if best is None or loss < best[0] - 1e-12:
            best = loss, (float(found[0]), float(found[1]), exponent)
    return None if best is None else best[1]
