"""`run`: drive a session with an annotator until a stop rule speaks."""

from __future__ import annotations

from collections.abc import Callable

from querist.core.contract import check_count
from querist.core.errors import StateError
from querist.core.ports import Annotator, StopRule
from querist.core.types import FitReport, Query, StopReason
from querist.session.session import Session

__all__ = ["Listener", "run"]

Listener = Callable[[str, object], None]
"""Called after each step: ``("asked", query)``, ``("told", query)``, ``("fitted", report)``."""


def run(
    session: Session,
    annotator: Annotator,
    *,
    batch: int,
    stop: StopRule | None = None,
    start: int | None = None,
    listener: Listener | None = None,
) -> StopReason:
    """Ask, tell and fit until ``stop`` gives a reason, the budget is spent or nothing is left.

    It takes a session up wherever it stands: queries without answers are answered first, labels without a fit fitted.

    Args:
        session: the session.
        annotator: answers the queries.
        batch: items a query.
        stop: when to stop; None goes on until the budget or the pool ends.
        start: size of the first query; ``batch`` when None.
        listener: is told of every step after it is in the journal.

    Returns:
        Why it stopped; the reason is in the journal too.
    """
    batch = check_count(batch, "batch")
    start = batch if start is None else check_count(start, "start")
    for query in session.outstanding:
        _answer(session, annotator, query, listener)
    while True:
        if session.needs_fit:
            report: FitReport = session.fit()
            _say(listener, "fitted", report)
        reason = _reason(session, stop)
        if reason is not None:
            session.stop(reason)
            return reason
        size = start if not session.progress.labels else batch
        query = session.ask(int(max(1, min(size, session.left, session.progress.available))))
        _say(listener, "asked", query)
        _answer(session, annotator, query, listener)


def _answer(session: Session, annotator: Annotator, query: Query, listener: Listener | None) -> None:
    session.tell(query, annotator.annotate(query))
    _say(listener, "told", query)


def _say(listener: Listener | None, what: str, thing: object) -> None:
    if listener is not None:
        listener(what, thing)


def _reason(session: Session, stop: StopRule | None) -> StopReason | None:
    progress = session.progress
    if progress.rounds and stop is not None:
        reason = stop.check(progress)
        if reason is not None:
            return reason
    if session.left < 1:
        return StopReason("budget", f"the budget of {session.budget:g} is spent ({progress.cost:g})")
    if not progress.available:
        if not progress.rounds and not progress.labels and not progress.pending:
            raise StateError("the pool has nothing to ask about", code="NothingAvailable")
        return StopReason(
            "exhausted", f"nothing is left to ask: {progress.labels} of {progress.items} items are labelled"
        )
    return None
