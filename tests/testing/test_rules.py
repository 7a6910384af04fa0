"""The suite for stop rules: everything registered passes, and each check catches its fault."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from querist.core.errors import StateError
from querist.core.registry import registry
from querist.core.types import Progress, StopReason
from querist.session.rules import (
    AllOf,
    AnyOf,
    MaxCost,
    MaxLabels,
    MaxRounds,
    Plateau,
    StablePredictions,
    StopRuleBase,
)
from querist.testing.rules import RULE_CHECKS, check_stop_rule, progress_of

FIXTURES: dict[str, list[StopRuleBase]] = {
    "max_labels": [MaxLabels(1), MaxLabels(100)],
    "max_cost": [MaxCost(0.5), MaxCost(155.5)],
    "max_rounds": [MaxRounds(1), MaxRounds(7)],
    "plateau": [Plateau(), Plateau(patience=1, min_delta=0.01), Plateau("log_loss", best="min")],
    "stable_predictions": [StablePredictions(), StablePredictions(kappa=0.25, window=1)],
    "any_of": [AnyOf(MaxLabels(10)), MaxLabels(50) | MaxRounds(3) & Plateau(patience=2)],
    "all_of": [AllOf(MaxLabels(10)), MaxLabels(50) & (MaxRounds(3) | Plateau())],
}


def test_every_registered_rule_has_a_fixture() -> None:
    assert {e.name for e in registry.entries("stop_rule")} == set(FIXTURES)


@pytest.mark.parametrize("rule", [pytest.param(r, id=str(r)) for rules in FIXTURES.values() for r in rules])
def test_passes(rule: StopRuleBase) -> None:
    metrics = ("accuracy", "log_loss")
    # any_of and all_of of one rule are written as that rule: equal in what they say, not in kind
    parse = not (isinstance(rule, (AnyOf, AllOf)) and len(rule.rules) == 1)
    assert len(check_stop_rule(rule, metrics=metrics, parse=parse)) == len(RULE_CHECKS) - (not parse)


@dataclass(frozen=True)
class Eager(StopRuleBase):
    """Stops before anything."""

    def check(self, progress: Progress) -> StopReason | None:
        return self.reason(f"{progress.labels} labels are enough")


@dataclass(frozen=True)
class Mute(StopRuleBase):
    """Gives a reason that says nothing."""

    def check(self, progress: Progress) -> StopReason | None:
        return self.reason("enough") if progress.labels else None


@dataclass(frozen=True)
class Chatty(StopRuleBase):
    """Gives a text instead of a reason."""

    def check(self, progress: Progress) -> StopReason | None:
        return "stop at 5 labels" if progress.labels else None  # type: ignore[return-value]


@dataclass(frozen=True)
class Counting(StopRuleBase):
    """Counts how often it was asked."""

    seen: list[int] = field(default_factory=list, compare=False, hash=False)

    def check(self, progress: Progress) -> StopReason | None:
        self.seen.append(1)
        return self.reason(f"asked {len(self.seen)} times now") if len(self.seen) > 20 else None


class Loose(StopRuleBase):
    """No dataclass."""

    def check(self, progress: Progress) -> StopReason | None:
        return self.reason(f"{progress.labels} labels are enough") if progress.labels else None

    def __str__(self) -> str:
        return "loose"


@dataclass(frozen=True)
class Unknown(StopRuleBase):
    """Not registered."""

    def check(self, progress: Progress) -> StopReason | None:
        return self.reason(f"{progress.labels} labels are enough") if progress.labels else None


@dataclass(frozen=True)
class Never(StopRuleBase):
    """Never stops."""

    def check(self, progress: Progress) -> StopReason | None:
        return None


@dataclass(frozen=True)
class Gambling(StopRuleBase):
    """Throws a dice."""

    def check(self, progress: Progress) -> StopReason | None:
        return self.reason("the dice shows 6") if random.random() < 0 else None


@dataclass(frozen=True)
class Meddling(StopRuleBase):
    """Changes the metrics it reads."""

    def check(self, progress: Progress) -> StopReason | None:
        for r in progress.history:
            r.metrics["seen"] = 1.0  # type: ignore[index]
        return self.reason(f"{progress.labels} labels are enough") if progress.labels else None


@pytest.mark.parametrize(
    "check, rule, parse",
    [
        ("silent_at_start", Eager(), False),
        ("gives_reasons", Mute(), False),
        ("gives_reasons", Chatty(), False),
        ("keeps_no_state", Counting(), False),
        ("is_a_value", Loose(), False),
        ("reads_back", Unknown(), True),
        ("leaves_progress", Meddling(), False),
        ("speaks_at_last", Never(), False),
        ("silent_at_start", Gambling(), False),  # a global generator was moved
    ],
)
def test_each_check_catches_its_fault(check: str, rule: StopRuleBase, parse: bool) -> None:
    with pytest.raises(StateError) as caught:
        check_stop_rule(rule, parse=parse)
    assert caught.value.code == "Contract"
    assert str(caught.value).startswith(f"{check}:")


def test_a_rule_that_may_never_stop() -> None:
    assert "speaks_at_last" not in check_stop_rule(Never(), parse=False, ever=False)


def test_progress_of_counts_ten_labels_a_round() -> None:
    progress = progress_of([0.1, 0.2], agreement=0.5)
    assert (progress.labels, progress.cost, progress.rounds) == (20, 20.0, 2)
    assert [r.agreement for r in progress.history] == [None, 0.5]
    assert progress.history[1].metrics == {"accuracy": 0.2}
