"""The panel's figures, read from the journal's tallies: classes, learning curve, labels saved, pace, advice.

Nothing here grows with the number of items or answers; the reports of models are read once each and kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from querist.core.types import Json
from querist.server.changes import STREAM

__all__ = ["Reports", "class_counts", "panel"]

_PAUSE = 300.0
"""Seconds between two answers from which on nobody was at work."""
_RECENT = 100
_POINTS = 200
_METRICS = ("accuracy", "exact_match", "mae")


class Reports:
    """What the panel shows of the reports of all models: those that came since the last look are read, the others kept."""

    def __init__(self) -> None:
        self._seq = 0
        self._points: dict[int, dict[str, Any]] = {}
        self.last: dict[str, Any] = {}

    def follow(self, connection: sqlite3.Connection) -> None:
        """Come up to the newest model."""
        rows = connection.execute(
            "SELECT e.seq, e.payload FROM model m CROSS JOIN event e ON e.stream = m.stream AND e.seq = m.seq "
            "WHERE m.stream = ? AND m.seq > ? ORDER BY m.seq",
            (STREAM, self._seq),
        )
        for seq, payload in rows:
            report: dict[str, Any] = json.loads(payload)
            self._points[report["round"]] = {k: report.get(k) for k in ("labels", "metrics", "agreement")}
            self._seq = seq
            if report["round"] >= self.last.get("round", 0):
                self.last = report

    def points(self) -> list[dict[str, Any]]:
        """Labels, metrics and agreement of each model, in order of rounds."""
        return [self._points[number] for number in sorted(self._points)]


def panel(connection: sqlite3.Connection, classes: Sequence[str], kept: Reports | None = None) -> dict[str, Json]:
    """All figures; reading them changes nothing.

    Args:
        connection: of the journal.
        classes: as they stand, in order.
        kept: the reports that an earlier call has read, of the same journal; they come up to date.

    Returns:
        ``classes``, ``curve`` (labels, accuracy, low, high, n; ``metric`` names the figure), ``saved``, ``agreement``,
        ``cost``, ``advice``, ``notes``, as docs/decisions/0010 has them.
    """
    counts = class_counts(connection)
    kept = Reports() if kept is None else kept
    kept.follow(connection)
    reports, last = kept.points(), kept.last
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
    return Counter(
        dict(connection.execute("SELECT class, items FROM class_tally WHERE stream = ?", (STREAM,)).fetchall())
    )


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
    answers, ms = connection.execute("SELECT answers, ms FROM answer_tally WHERE stream = ?", (STREAM,)).fetchone() or (
        0,
        0,
    )
    rows = connection.execute(
        "SELECT e.at FROM answer a INDEXED BY answer_asked CROSS JOIN event e ON e.stream = a.stream AND e.seq = a.seq "
        "WHERE a.stream = ? AND a.counted AND a.query IS NOT NULL ORDER BY a.seq DESC LIMIT ?",
        (STREAM, _RECENT + 1),
    ).fetchall()
    times = [row[0] for row in rows][::-1]
    gaps = [b - a for a, b in pairwise(times) if 0 < b - a <= _PAUSE]
    pace = 3600.0 * len(gaps) / sum(gaps) if len(gaps) >= 5 else None
    return {"answers": int(answers), "seconds": ms / 1000, "per_hour": pace}
