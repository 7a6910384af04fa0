"""From a session's journal to the rounds of ``results.json``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from querist.core.types import AnswerKind
from querist.session.session import STREAM, Session

__all__ = ["rounds_of"]


def rounds_of(session: Session) -> list[dict[str, Any]]:
    """One entry a fit: labels, cost, metrics, items queried since the fit before, seconds, classes of the answers."""
    rounds: list[dict[str, Any]] = []
    asked: dict[str, float] = {"signals": 0.0, "select": 0.0}
    queried: list[str] = []
    classes: Counter[str] = Counter()
    for event in session.store.read(STREAM):
        data = event.payload
        if event.kind == "asked":
            for part in asked:
                asked[part] += data["seconds"].get(part, 0.0)
        elif event.kind == "told":
            for answer in data["answers"]:
                queried.append(answer["item"])
                if answer["kind"] == AnswerKind.LABEL and isinstance(answer.get("value"), str):
                    classes[answer["value"]] += 1
        elif event.kind == "fitted":
            entry: dict[str, Any] = {
                "round": data["round"],
                "labels": data["labels"],
                "cost": data["cost"],
                "metrics": dict(data["metrics"]),
                "queried": queried,
                "seconds": {"fit": data["seconds"].get("fit", 0.0), **asked},
            }
            if classes:
                entry["classes"] = dict(sorted(classes.items()))
            rounds.append(entry)
            queried, classes, asked = [], Counter(), {"signals": 0.0, "select": 0.0}
    return rounds
