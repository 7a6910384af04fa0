"""A round on made-up labels that nobody sees: the first one with real labels finds everything loaded.

Libraries are imported in parts, when they are first used, and what a fit, a choice and a saved model need takes seconds on
a busy machine. While nothing is labelled yet nobody waits for that.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from querist.core.types import Event, Json
from querist.data.atomic import staging
from querist.data.ledger import Ledger
from querist.data.schema import ClassSchema, MultiLabel, Schema
from querist.data.spans import Spans
from querist.server.trainer.candidate import CANDIDATES
from querist.server.trainer.round import Rounds
from querist.server.trainer.snapshot import Snapshot

__all__ = ["rehearse"]

_EACH, _CLASSES = 3, 4
"""Made-up labels a class, and of how many classes."""


class _Called(Exception):
    """Somebody waits; the rest of the rehearsal falls out."""


def rehearse(rounds: Rounds, queue: int, beat: Callable[[str], None], called: Callable[[], bool]) -> bool:
    """Play a round over the items of ``rounds``, none of which it changes; whether it came to the end.

    Args:
        rounds: ready for its first labels.
        queue: items of the queue.
        beat: told of each step.
        called: whether somebody waits, which ends it at the next step.
    """
    snapshot = rounds.snapshot
    if snapshot.pool.features is None or isinstance(snapshot.schema, Spans) or len(snapshot.pool) < 2:
        return False

    def step(what: str) -> None:
        if called():
            raise _Called
        beat("warm up")

    place = snapshot.folder / CANDIDATES
    place.mkdir(mode=0o700, exist_ok=True)
    with staging(place) as box:
        played = Rounds(_stand_in(snapshot, box), step)
        played.encoder = rounds.encoder
        try:
            step("")
            played.run(queue)
        except _Called:
            return False
    return True


def _stand_in(snapshot: Snapshot, folder: Path) -> Snapshot:
    """The same items with other labels, and candidates of its own."""
    made = copy.copy(snapshot)
    made.folder = folder
    made.train, made.validation = (Ledger(snapshot.pool, on_conflict="latest") for _ in range(2))
    made.facts = replace(snapshot.facts, rounds=[], told=[], controls=[], changed=[], labelled_at={}, fresh=[])
    made._role = {}
    count = min(_EACH * _CLASSES, max(len(snapshot.pool) - 1, 1))
    rows = np.unique(np.linspace(0, len(snapshot.pool) - 1, count).astype(np.int64))
    for k, row in enumerate(rows.tolist()):
        item, query = snapshot.pool.ids[row], f"q{k}"
        answer: dict[str, Json] = {
            "item": item,
            "kind": "label",
            "annotator": "nobody",
            "value": _value(made.schema, k),
        }
        for kind, payload in (
            ("asked", {"query": query, "turn": k, "items": [item], "role": "queue"}),
            ("told", {"query": query, "answers": [answer]}),
        ):
            made._take(Event(kind, payload, seq=0, at=0.0))
    return made


def _value(schema: Schema, k: int) -> Json:
    if not isinstance(schema, ClassSchema):
        return float(k % 3)
    name = schema.classes[k % min(len(schema.classes), _CLASSES)]
    return [name] if isinstance(schema, MultiLabel) else name
