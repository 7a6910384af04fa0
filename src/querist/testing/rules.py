"""What every stop rule must do: `check_stop_rule` runs all of it over made-up progress."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from querist.core.errors import QueristError
from querist.core.ports import StopRule
from querist.core.types import Progress, Round, StopReason
from querist.testing.verdict import fail, require, running

__all__ = ["RULE_CHECKS", "check_stop_rule", "progress_of"]

METRICS = ("accuracy",)


def check_stop_rule(
    rule: StopRule, *, metrics: tuple[str, ...] = METRICS, parse: bool = True, ever: bool = True
) -> tuple[str, ...]:
    """Hold a stop rule to its contract.

    Args:
        rule: the rule.
        metrics: names of the metrics that it reads; the made-up rounds have them.
        parse: whether `parse_rule` knows the rule (it is registered) and must read its text back.
        ever: whether the rule must stop at last, when labels, cost, rounds and a flat metric are beyond any measure.

    Returns:
        Names of the checks that were run.

    Raises:
        StateError: a check failed; its name begins the message (code ``Contract``).
    """
    run: list[str] = []
    for check in RULE_CHECKS:
        name = check.__name__
        if (name == "reads_back" and not parse) or (name == "speaks_at_last" and not ever):
            continue
        with running(name):
            check(rule, metrics)
        run.append(name)
    return tuple(run)


def progress_of(values: list[float], *, agreement: float | None = None, metrics: tuple[str, ...] = METRICS) -> Progress:
    """Progress with one fitted round per value of the metrics: ten labels and ten in cost a round."""
    rounds = tuple(
        Round(
            round=i,
            labels=10 * (i + 1),
            cost=10.0 * (i + 1),
            metrics=dict.fromkeys(metrics, value),
            agreement=agreement if i else None,
        )
        for i, value in enumerate(values)
    )
    n = len(values)
    return Progress(
        items=10_000,
        labels=10 * n,
        cost=10.0 * n,
        rounds=n,
        turns=n,
        available=10_000 - 10 * n,
        pending=0,
        skipped=0,
        rejected=0,
        history=rounds,
    )


def _series(metrics: tuple[str, ...]) -> Iterator[Progress]:
    """A rising metric, a flat one, a falling one, with and without agreement, growing round by round."""
    for values, agreement in (
        ([0.1 + 0.8 * i / 30 for i in range(30)], None),
        ([0.5] * 30, 1.0),
        ([0.9 - 0.8 * i / 30 for i in range(30)], 0.3),
    ):
        for n in range(1, 31):
            yield progress_of(values[:n], agreement=agreement, metrics=metrics)


def has_the_port(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """It has the method of the port."""
    require(isinstance(rule, StopRule), "has_the_port", f"{type(rule).__name__} has no check")


def silent_at_start(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """With nothing labelled and nothing fitted it says nothing."""
    reason = rule.check(progress_of([]))
    require(reason is None, "silent_at_start", f"it stops before the first label: {reason!r}")


def gives_reasons(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """It gives None, or a reason with its own text form and a sentence that names a figure."""
    for progress in _series(metrics):
        reason = rule.check(progress)
        if reason is None:
            continue
        require(isinstance(reason, StopReason), "gives_reasons", f"it gave {type(reason).__name__}")
        require(bool(reason.rule), "gives_reasons", "the reason does not say which rule spoke")
        text = reason.text
        good = isinstance(text, str) and len(text.split()) >= 3 and any(c.isdigit() for c in text)
        require(good, "gives_reasons", f"the reason {text!r} is no sentence that names a figure")


def keeps_no_state(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """The same progress gets the same answer, whatever it saw in between."""
    series = list(_series(metrics))
    forward = [rule.check(p) for p in series]
    backward = [rule.check(p) for p in reversed(series)][::-1]
    require(forward == backward, "keeps_no_state", "the order of questions changes the answers")


def is_a_value(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """It is a frozen dataclass: two with the same parameters are equal, and none can be changed."""
    own = vars(type(rule)).get("__dataclass_params__")  # of this very class: a plain subclass of a frozen one is not
    require(own is not None and own.frozen, "is_a_value", f"{type(rule).__name__} is no frozen dataclass")
    require(hash(rule) == hash(rule) and rule == rule, "is_a_value", "it has no stable hash")


def reads_back(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """`parse_rule` reads its text back as an equal rule with the same text."""
    from querist.session.rules.parse import parse_rule

    text = str(rule)
    try:
        back = parse_rule(text)
    except QueristError as error:
        fail("reads_back", f"its text {text!r} cannot be read: {error}")
    require(back == rule, "reads_back", f"its text {text!r} reads back as {back!r}")
    require(str(back) == text, "reads_back", f"the text {text!r} becomes {str(back)!r}")


def leaves_progress(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """The progress is as it was."""
    progress = progress_of([0.5] * 20, agreement=1.0, metrics=metrics)
    before = repr(progress)
    rule.check(progress)
    require(repr(progress) == before, "leaves_progress", "it changed the progress")


def speaks_at_last(rule: StopRule, metrics: tuple[str, ...]) -> None:
    """With more labels, cost and rounds than anybody has, a flat metric and full agreement, it stops."""
    flat = progress_of([0.5] * 1000, agreement=1.0, metrics=metrics)
    huge = dataclasses.replace(flat, labels=10**12, cost=1e12, rounds=10**12)
    require(rule.check(huge) is not None, "speaks_at_last", "it never stops")


RULE_CHECKS = (
    has_the_port,
    silent_at_start,
    gives_reasons,
    keeps_no_state,
    is_a_value,
    reads_back,
    leaves_progress,
    speaks_at_last,
)
"""Every check."""
