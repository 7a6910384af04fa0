"""Replay: choose every past query again, from the journal and the kept weights, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from querist.core.contract import choose
from querist.core.ports import Strategy
from querist.core.seeds import derive
from querist.core.types import ItemId, Items
from querist.data.ledger import Ledger
from querist.session.session import STREAM, Session
from querist.session.state import State
from querist.session.views import ContextMaker

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past query, chosen again.

    Args:
        query: id of the query.
        turn: its turn.
        strategy: what chose.
        then: ids that were chosen then.
        now: ids that are chosen now; empty when it could not be replayed.
        note: why it could not be replayed, or "".
    """

    query: str
    turn: int
    strategy: str
    then: tuple[ItemId, ...]
    now: tuple[ItemId, ...]
    note: str = ""

    @property
    def same(self) -> bool:
        """Whether the same items come in the same order."""
        return self.then == self.now


def replay(session: Session) -> Iterator[Replayed]:
    """Choose each query of an open session again, oldest first; the journal is not touched.

    Queries that a person gave, and those asked by a model whose weights were not kept, are named with a note.
    """
    store, learner = session.store, session.learner
    ledger, state = Ledger(session.source, session.held, on_conflict=session.ledger.on_conflict), State()
    contexts = ContextMaker(learner, ledger, session.reference, session.side)
    for event in list(store.read(STREAM)):
        if event.kind == "asked":
            data = event.payload
            part, note = _asker(session, data)
            now: tuple[ItemId, ...] = ()
            if part is not None:
                kept = session.models.find(data["model"])
                if kept is not None:
                    learner.load(kept)
                seed = derive(session.seed, "turn", data["turn"])
                context, pool = contexts.make(
                    part, session.schema, seed=seed, rounds=tuple(state.rounds), model=data["model"]
                )
                now = tuple(Items(session.source.ids, pool[choose(part, context, len(data["items"])).indices]))
            yield Replayed(data["query"], data["turn"], data["strategy"], tuple(data["items"]), now, note)
        ledger.apply(event)
        state.apply(event)


def _asker(session: Session, data: Mapping[str, Any]) -> tuple[Strategy | None, str]:
    """The strategy that asked, or None and why the query cannot be chosen again."""
    text, digest = data["strategy"], data["model"]
    part = next((p for p in (session.strategy, session.start) if p is not None and str(p) == text), None)
    if part is None:
        return None, "given by a person" if text == "given" else f"asked by another strategy ({text})"
    if part.needs.model and data["round"] and session.models.find(digest) is None:
        return None, "the weights of that round were not kept"
    return part, ""
