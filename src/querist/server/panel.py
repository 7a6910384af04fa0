"""The panel's figures, read from the journal's tables: classes, learning curve, labels saved, pace, advice."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from querist.core.types import Json
from querist.server.changes import STREAM

__all__ = ["class_counts", "panel"]

_PAUSE = 300.0
"""Seconds between two answers from which on nobody was at work."""
_RECENT = 100
_POINTS = 200
_METRICS = ("accuracy", "exact_match", "mae")


def panel(connection: sqlite3.Connection, classes: Sequence[str]) -> dict[str, Json]:
    """All figures; reading them changes nothing.

    Args:
        connection: of the journal.
        classes: as they stand, in order.

    Returns:
        ``classes``, ``curve`` (labels, accuracy, low, high, n; ``metric`` names the figure), ``saved``, ``agreement``,
        ``cost``, ``advice``, ``notes``, as docs/decisions/0010 has them.
    """
    counts = class_counts(connection)
    reports = _reports(connection)
    last: dict[str, Any] = reports[-1] if reports else {}
    metric = next((m for m in _METRICS if any(m in r["metrics"] for r in reports)), "accuracy")
    return {
        "classes": [{"name": name, "count": counts.get(name, 0)} for name in classes],
        "metric": metric,
        "curve": _thinned([_point(r, metric) for r in reports if metric in r["metrics"]]),
        "saved": last.get("saved"),
        "agreement": _thinned(
            [{"labels": r["labels"], "kappa": r["agreement"]} for r in reports if r.get("agreement") is not None]
        ),
        "cost": _cost(connection),
        "advice": last.get("advice"),
        "notes": last.get("notes", []),
    }


def class_counts(connection: sqlite3.Connection) -> Counter[str]:
    """How many labelled items say each class; an item with several counts for each, a soft label for its largest share."""
    counts: Counter[str] = Counter()
    rows = connection.execute(
        "SELECT value, count(*) FROM item WHERE stream = ? AND state = 'labelled' GROUP BY value", (STREAM,)
    )
    for text, items in rows:
        value = json.loads(text) if text is not None else None
        if isinstance(value, str):
            counts[value] += items
        elif isinstance(value, dict) and value:
            counts[max(value, key=lambda name: value[name])] += items
        elif isinstance(value, list):
            for name in {part[-1] if isinstance(part, list) and part else part for part in value}:
                counts[str(name)] += items
    return counts


def _reports(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The reports of all models, oldest first."""
    rows = connection.execute(
        "SELECT e.payload FROM model m JOIN event e ON e.stream = m.stream AND e.seq = m.seq WHERE m.stream = ? "
        "ORDER BY m.round",
        (STREAM,),
    )
    return [json.loads(row[0]) for row in rows]


def _point(report: dict[str, Any], metric: str) -> dict[str, Json]:
    metrics = report["metrics"]
    return {
        "labels": report["labels"],
        "accuracy": metrics[metric],
        "low": metrics.get(f"{metric}_low"),
        "high": metrics.get(f"{metric}_high"),
        "n": int(metrics.get("validation") or 0),
    }


def _thinned(points: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """At most 200 points: the last at each number of labels, then evenly, first and last among them."""
    by_labels = {point["labels"]: point for point in points}
    kept = list(by_labels.values())
    if len(kept) <= _POINTS:
        return kept
    step = (len(kept) - 1) / (_POINTS - 1)
    return [kept[round(k * step)] for k in range(_POINTS)]


def _cost(connection: sqlite3.Connection) -> dict[str, Json]:
    """Answers that count, the time they took, and the pace of the last hundred while somebody was at work."""
    answers, seconds = connection.execute(
        "SELECT count(*), coalesce(sum(seconds), 0) FROM answer WHERE stream = ? AND counted", (STREAM,)
    ).fetchone()
    rows = connection.execute(
        "SELECT e.at FROM answer a CROSS JOIN event e ON e.stream = a.stream AND e.seq = a.seq WHERE a.stream = ? "
        "AND a.counted AND a.query IS NOT NULL ORDER BY a.seq DESC LIMIT ?",
        (STREAM, _RECENT + 1),
    ).fetchall()
    times = [row[0] for row in rows][::-1]
    gaps = [b - a for a, b in pairwise(times) if 0 < b - a <= _PAUSE]
    pace = 3600.0 * len(gaps) / sum(gaps) if len(gaps) >= 5 else None
    return {"answers": int(answers), "seconds": float(seconds), "per_hour": pace}
