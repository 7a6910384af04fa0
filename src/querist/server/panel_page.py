"""What the page of the panel says: the figures of `querist.server.panel` as sentences, bars and charts for its template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from querist.core.types import Json
from querist.server.chart import Chart, Dot, draw, rounded, short

__all__ = ["Advice", "Agreement", "Bar", "Curve", "Pace", "PanelPage", "Saved", "panel_page"]

_METRICS = {"accuracy": "Accuracy", "exact_match": "Answers met whole", "mae": "Mean error"}
_ERRORS = frozenset({"mae"})
"""Metrics in the unit of the numbers, lower is better; all others are shares."""
_AGREEMENT = {
    "single": "kappa",
    "multi": "mean kappa of the labels",
    "number": "concordance",
    "spans": "kappa of the tokens",
}
"""What the agreement of two models is, by what an answer is."""
_HEAD = re.compile(r"^(you can stop: |stop: |go on: |go on )", re.IGNORECASE)
"""What the heading says already."""
_FIGURES = " In figures: "


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to stop.

    Args:
        stop: the rule says so.
        lead: why, after the heading.
        hour: what another hour would bring, or "".
        chart: how far the models agreed, or None for fewer than two.
        rule: as it is written, or "".
        figures: what the rule saw, or "".
    """

    stop: bool
    lead: str
    hour: str
    chart: Chart | None
    rule: str
    figures: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Answers and their time, in sentences; ``per_hour`` is "" while the pace is not known."""

    per_hour: str
    said: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """The learning curve and what its newest point says."""

    said: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Bar:
    """A class, how many labels it has, and their share of the most that one has ("12.5%")."""

    name: str
    count: int
    width: str


@dataclass(frozen=True, slots=True)
class Saved:
    """Labels saved against random: the number, or "", and the sentence; ``known`` where there is an estimate."""

    labels: str
    said: str
    known: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the newest model agrees with the one before it, and what kind of figure that is."""

    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class PanelPage:
    """The cards of the panel; those that are None have nothing to show yet."""

    advice: Advice | None
    pace: Pace
    curve: Curve | None
    classes: tuple[Bar, ...]
    saved: Saved
    agreement: Agreement | None
    notes: tuple[str, ...]


def panel_page(figures: Mapping[str, Json], task: str) -> PanelPage:
    """The figures as the page shows them.

    Args:
        figures: of `querist.server.panel.panel`.
        task: single, multi, number or spans.
    """
    return PanelPage(
        advice=_advice(figures["advice"]),
        pace=_pace(figures["cost"]),
        curve=_curve(figures["curve"], figures.get("metric") or "accuracy"),
        classes=_bars(figures["classes"]),
        saved=_saved(figures["saved"]),
        agreement=_agreement(figures["agreement"], task),
        notes=tuple(figures["notes"] or ()),
    )


def _advice(advice: Mapping[str, Any] | None) -> Advice | None:
    """A report from elsewhere may have none, or an empty one."""
    if not advice or not advice.get("text"):
        return None
    text, _, seen = advice["text"].partition(_FIGURES)
    lead = _HEAD.sub("", text)
    history = [Dot(one["labels"], one["value"]) for one in advice.get("history") or ()]
    title = "How far each model agrees with the one before, by number of labels"
    return Advice(
        stop=bool(advice.get("stop")),
        lead=lead[:1].upper() + lead[1:],
        hour=advice.get("hour") or "",
        chart=draw("models", title, history, high=1.0) if len(history) > 1 else None,
        rule=advice.get("rule") or "",
        figures=_sentence(seen),
    )


def _sentence(text: str) -> str:
    """Reasons begin small and end without a point."""
    whole = text[:1].upper() + text[1:]
    return whole if not whole or whole[-1] in ".?!…" else f"{whole}."


def _pace(cost: Mapping[str, Any]) -> Pace:
    answers, pace = cost["answers"], cost["per_hour"]
    said = f"{answers} {'answer' if answers == 1 else 'answers'} in {_duration(cost['seconds'])}." if answers else ""
    return Pace("" if pace is None else f"{rounded(pace):,}", said, answers > 0 and pace is None)


def _duration(seconds: float) -> str:
    minutes = rounded(seconds / 60)
    if minutes < 1:
        return "under a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _curve(points: list[dict[str, Any]], metric: str) -> Curve | None:
    known = [point for point in points if point["accuracy"] is not None]
    if not known:
        return None
    newest, share, name = known[-1], metric not in _ERRORS, _METRICS.get(metric, metric)
    shown = _percent if share else short
    low, high, n = newest["low"], newest["high"], newest["n"]
    between = f" ({shown(low)} to {shown(high)})" if low is not None and high is not None else ""
    said = (
        f"{name} {shown(newest['accuracy'])}{between}, measured on {n} {'item' if n == 1 else 'items'} drawn at random."
    )
    dots = [Dot(point["labels"], point["accuracy"], point["low"], point["high"]) for point in known]
    title = f"{name} by number of labels"
    chart = draw("curve", title, dots, high=1.0 if share else None, percent=share)
    return Curve(said if share else f"{said} Lower is better.", chart)


def _percent(share: float) -> str:
    return f"{rounded(100 * share)} %"


def _bars(classes: list[dict[str, Any]]) -> tuple[Bar, ...]:
    most = max([1, *(one["count"] for one in classes)])
    return tuple(Bar(one["name"], one["count"], f"{100 * one['count'] / most:.2f}%") for one in classes)


def _saved(saved: Mapping[str, Any] | None) -> Saved:
    if saved:
        asked = saved["asked"]
        return Saved("" if asked is None else f"{rounded(saved['random'] - asked):,}", saved["text"], True)
    return Saved("", "Not known yet: a small random share is asked beside, and needs more answers.", False)


def _agreement(points: list[dict[str, Any]], task: str) -> Agreement | None:
    if not points:
        return None
    return Agreement(f"{points[-1]['kappa']:.2f}", f"{_AGREEMENT[task]} at {points[-1]['labels']} labels")
