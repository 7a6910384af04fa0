"""What a session remembers beside the ledger: queries, turns, rounds, the last stop. A fold over the journal too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from querist.core.types import AnswerKind, Event, FitReport, ItemId, Query, Round, StopReason

__all__ = ["State", "query_from_json"]


@dataclass
class State:
    """Queries, rounds and the last stop, as the journal tells them.

    Args:
        created: payload of the ``created`` event, or None before it.
        seq: sequence number of the last event taken.
        turns: asks so far.
        queries: every query by id, in order.
        rounds: one `Round` per fit.
        model: digest of the last fitted model, or None.
        stopped: the last stop, cleared by the next ask.
        fresh: ids labelled since the last fit, in order.
        rejected: items thrown out since the last fit.
        last_query: the query before the next fit.
    """

    created: Mapping[str, Any] | None = None
    seq: int = 0
    turns: int = 0
    queries: dict[str, Query] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    model: str | None = None
    stopped: StopReason | None = None
    fresh: list[ItemId] = field(default_factory=list)
    rejected: int = 0
    strategy: str = ""
    arm: str | None = None
    last_query: Query | None = None

    def apply(self, event: Event) -> None:
        """Take one event of the journal."""
        self.seq = event.seq or self.seq + 1
        data = event.payload
        if event.kind == "created":
            self.created = data
        elif event.kind == "asked":
            self.turns = int(data["turn"]) + 1
            self.queries[data["query"]] = query_from_json(data)
            self.strategy, self.arm = data["strategy"], data.get("arm")
            self.last_query = self.queries[data["query"]]
            self.stopped = None
        elif event.kind == "told":
            self.fresh += [
                a["item"] for a in data["answers"] if a["kind"] in (AnswerKind.LABEL, AnswerKind.DISTRIBUTION)
            ]
            self.rejected += sum(a["kind"] == AnswerKind.REJECT for a in data["answers"])
        elif event.kind == "fitted":
            self.model = data["model"] or None
            self.rounds.append(
                Round(
                    round=data["round"],
                    labels=data["labels"],
                    cost=data["cost"],
                    metrics=dict(data["metrics"]),
                    agreement=data["agreement"],
                    strategy=self.strategy,
                    queried=tuple(self.fresh),
                    asked=() if self.last_query is None else self.last_query.items,
                    inclusion=None if self.last_query is None else self.last_query.inclusion,
                    arm=self.arm,
                    surprise=data["surprise"],
                    rejected=self.rejected,
                )
            )
            self.fresh, self.rejected = [], 0
        elif event.kind == "stopped":
            self.stopped = StopReason(data["rule"], data["text"])


def query_from_json(data: Mapping[str, Any]) -> Query:
    """The query of an ``asked`` event."""
    inclusion = data.get("inclusion")
    return Query(
        id=data["query"],
        turn=int(data["turn"]),
        items=tuple(data["items"]),
        strategy=data["strategy"],
        scores=tuple(float("nan") if s is None else float(s) for s in data["scores"]),
        reasons=tuple(data["reasons"]),
        inclusion=None if inclusion is None else tuple(inclusion),
    )


def fit_to_json(report: FitReport, *, cost: float, agreement: float | None, surprise: float | None) -> dict[str, Any]:
    """The payload of a ``fitted`` event."""
    return {
        "round": report.round,
        "labels": report.labels,
        "cost": cost,
        "model": report.model or None,
        "metrics": {name: value if math.isfinite(value) else None for name, value in report.metrics.items()},
        "agreement": None if agreement is None or not math.isfinite(agreement) else agreement,
        "surprise": surprise,
        "notes": list(report.notes),
        "seconds": dict(report.seconds),
    }
