"""The session: ask, tell, fit. One loop for a notebook, the command line, a service and a benchmark.

Every call first decides, then appends one event to the journal, then folds that event into its state. What the journal
holds is therefore all there is: a killed and reopened session folds the same events and asks what the unbroken one
would have asked, because every turn's randomness derives from (seed, turn, name).
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count, choose
from querist.core.errors import ArgumentError, QueristWarning, StateError
from querist.core.ports import Artifacts, Learner, Store, Strategy
from querist.core.seeds import check_seed, derive
from querist.core.signals import COST, GRAPH, GROUP, Selection, Signal
from querist.core.types import Answer, Event, FitReport, ItemId, Items, LabelValue, Progress, Query, StopReason
from querist.data.ledger import Conflict, ItemState, Ledger
from querist.data.schema import Schema
from querist.data.source import Source
from querist.session.agreement import Watcher, stop_set
from querist.session.evaluation import Evaluation
from querist.session.identity import Identity
from querist.session.kept_models import KeptModels
from querist.session.needs import check_needs, works_untrained
from querist.session.state import State, fit_to_json
from querist.session.training import train
from querist.session.views import ContextMaker

__all__ = ["STREAM", "Session"]

STREAM = "main"
"""The journal's stream of a session."""


class Session:
    """Asks for labels, takes answers, fits, and remembers all of it.

    Args:
        source: the items.
        learner: the model with its way of training, built on the same source.
        schema: what a label may be.
        strategy: chooses what to ask.
        store: the journal; events that it already holds are taken over (resume).
        seed: the root seed.
        start: strategy of the asks before the first fit; None refuses them unless ``strategy`` needs no model.
        budget: most that answers may cost, or None.
        held: (h,) rows never asked about (test, validation, reference).
        reference: (r,) rows of the reference set, or None.
        evaluate: held-out sets by name; metrics of the set "test" carry no prefix, those of others ``name_``.
        cost: (N,) price of an answer, for cost-aware strategies.
        graph: (N, N) sparse adjacency, for graph strategies.
        group: (N,) number of the source document or group of each item, for limits.
        artifacts: keeps the weights of every round; None keeps none, and resume fits again from the same seed.
        on_conflict: a second, different label is refused, or the latest or first one counts.
        spec: what the session was made from, for the record.

    Raises:
        ArgumentError: strategy and learner do not fit (``NeedsCapability``).
        StateError: the journal belongs to another pool, seed or strategy (``SpecMismatch``).
    """

    def __init__(
        self,
        source: Source,
        learner: Learner,
        schema: Schema,
        strategy: Strategy,
        store: Store,
        *,
        seed: int = 0,
        start: Strategy | None = None,
        budget: float | None = None,
        held: NDArray[np.int64] | None = None,
        reference: NDArray[np.int64] | None = None,
        evaluate: Mapping[str, Evaluation] | None = None,
        cost: NDArray[np.float64] | None = None,
        graph: Any = None,
        group: NDArray[np.int64] | None = None,
        artifacts: Artifacts | None = None,
        on_conflict: Conflict = "refuse",
        spec: Mapping[str, Any] | None = None,
    ) -> None:
        self.source, self.learner, self.schema, self.store = source, learner, schema, store
        self.strategy, self.start = strategy, start
        self.seed = check_seed(seed)
        self.budget = budget
        self.evaluate = dict(evaluate or {})
        self.models = KeptModels(artifacts)
        self.held, self.reference = held, reference
        side = ((COST, cost), (GRAPH, graph), (GROUP, group))
        self.side: dict[Signal, Any] = {s: v for s, v in side if v is not None}
        for part in (strategy, start):
            if part is not None:
                check_needs(part, learner, frozenset(self.side), reference=reference is not None, schema=schema)
        self.ledger = Ledger(source, held, on_conflict=on_conflict)
        self.state = State()
        self._contexts = ContextMaker(learner, self.ledger, reference, self.side)
        self._watch = Watcher(learner, stop_set(self.ledger, self.seed))
        self._resume(spec)

    # -- the three verbs -------------------------------------------------------------------------------------------

    def ask(
        self, n: int | None = None, *, items: Sequence[ItemId] | None = None, exclude: Sequence[ItemId] = ()
    ) -> Query:
        """Choose the next items and hand them out.

        Args:
            n: how many; more than are available gives all of them with a warning.
            items: these very items instead (a given start set, examples that a person picked).
            exclude: items not to be asked about this time; they stay available.

        Returns:
            The query; its items are pending until they are told.

        Raises:
            StateError: nothing left (``PoolExhausted``, ``NothingAvailable``), or no model yet and no start strategy
                (``ColdStart``), or the strategy broke its contract (``StrategyContract``).
            ArgumentError: n is no count, or the budget does not reach (``BudgetError``).
        """
        if items is not None:
            return self._ask_given(items)
        n = check_count(n, "n")
        self._something_left()
        self._within_budget(n)
        strategy = self._strategy_now()
        seed, rounds = derive(self.seed, "turn", self.state.turns), tuple(self.state.rounds)
        context, pool = self._contexts.make(
            strategy, self.schema, seed=seed, rounds=rounds, exclude=exclude, model=self.state.model
        )
        if n > context.size:
            warnings.warn(
                f"n is {n} and {context.size} items are available: all of them are asked", QueristWarning, stacklevel=2
            )
        started = time.perf_counter()
        chosen = choose(strategy, context, n)
        whole = time.perf_counter() - started
        seconds = {"signals": self._contexts.seconds, "select": max(whole - self._contexts.seconds, 0.0)}
        return self._hand_out(Items(self.source.ids, pool[chosen.indices]), str(strategy), chosen, seconds)

    def tell(self, query: Query | None, answers: Iterable[Answer] | Mapping[ItemId, LabelValue]) -> int:
        """Take answers; they are in the journal when this returns.

        Args:
            query: the query they belong to, or None for answers nobody asked for. Partial, late and repeated answers
                are fine.
            answers: `Answer` records, or a mapping from item id to label.

        Returns:
            How many answers were news (exact repeats are not counted twice).

        Raises:
            UnknownNameError: an item or label that does not exist. StateError: a conflict. Nothing is taken then.
        """
        if isinstance(answers, Mapping):
            answers = [Answer.label(item, value) for item, value in answers.items()]
        fresh = self.ledger.admit(answers, self.schema)
        if fresh:
            payload = {"query": query.id if query is not None else None, "answers": [a.to_json() for a in fresh]}
            self._append("told", payload)
        return len(fresh)

    def fit(self) -> FitReport:
        """Train on all labels, measure, and keep the weights.

        Raises:
            StateError: nothing is labelled yet (``NoLabels``).
        """
        labels = self.ledger.labels(self.schema)
        if len(labels) == 0:
            raise StateError("nothing is labelled yet: ask, tell, then fit", code="NoLabels")
        number = len(self.state.rounds)
        surprise = self._watch.surprise(self.ledger, labels, self.state.fresh) if self.state.rounds else None
        previous = self.models.find(self.state.model)
        started = time.perf_counter()
        report = train(self.learner, self.ledger, labels, seed=self.seed, number=number, previous=previous)
        seconds = {"fit": time.perf_counter() - started}
        started = time.perf_counter()
        metrics = {**report.metrics, **self._measure()}
        agreement = self._watch.agreement()
        seconds["evaluate"] = time.perf_counter() - started
        started = time.perf_counter()
        digest = self.models.keep(self.learner)
        seconds["save"] = time.perf_counter() - started
        report = replace(
            report,
            round=number,
            labels=len(labels),
            model=digest or report.model,
            metrics=metrics,
            seconds={**report.seconds, **seconds},
        )
        self._append("fitted", fit_to_json(report, cost=self.ledger.cost, agreement=agreement, surprise=surprise))
        return report

    # -- reading -------------------------------------------------------------------------------------------------------

    @property
    def progress(self) -> Progress:
        """Where the session stands."""
        count = self.ledger.count
        return Progress(
            items=len(self.source) - count(ItemState.HELD),
            labels=count(ItemState.LABELLED),
            cost=self.ledger.cost,
            rounds=len(self.state.rounds),
            turns=self.state.turns,
            available=count(ItemState.UNLABELLED),
            pending=count(ItemState.PENDING),
            skipped=count(ItemState.SKIPPED),
            rejected=count(ItemState.REJECTED),
            history=tuple(self.state.rounds),
            stopped=self.state.stopped,
        )

    @property
    def queries(self) -> tuple[Query, ...]:
        """All queries so far, oldest first."""
        return tuple(self.state.queries.values())

    @property
    def outstanding(self) -> tuple[Query, ...]:
        """Queries with items that still wait for an answer."""
        if self.ledger.count(ItemState.PENDING) == 0:
            return ()
        states = self.ledger.states
        return tuple(q for q in self.queries if (states[self.source.rows_of(q.items)] == ItemState.PENDING).any())

    @property
    def left(self) -> float:
        """What the budget still allows; infinite without one."""
        return math.inf if self.budget is None else max(self.budget - self.ledger.cost, 0.0)

    @property
    def needs_fit(self) -> bool:
        """Whether labels came in since the last fit."""
        return bool(self.state.fresh)

    # -- other events --------------------------------------------------------------------------------------------------

    def stop(self, reason: StopReason) -> None:
        """Write down why asking stopped; a later ask takes it up again."""
        self._append("stopped", {"rule": reason.rule, "text": reason.text})

    def add_class(self, name: str) -> None:
        """Add a class at the end of the class list; the next fit knows it."""
        schema = self.schema.with_class(name)
        self._append("class_added", {"class": name})
        self._take_schema(schema)

    def close(self) -> None:
        """Give the journal back."""
        self.store.close()

    def __enter__(self) -> Session:
        """The session itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close."""
        self.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _append(self, kind: str, payload: Mapping[str, Any]) -> None:
        event = Event(kind, payload)
        seq = self.store.append(STREAM, [event], expected=self.state.seq)
        self._fold(replace(event, seq=seq))

    def _fold(self, event: Event) -> None:
        self.ledger.apply(event)
        self.state.apply(event)

    def _resume(self, spec: Mapping[str, Any] | None) -> None:
        identity = Identity(self.seed, self.strategy, self.schema, self.source)
        events = list(self.store.read(STREAM))
        if not events:
            self._append("created", identity.to_json(spec))
            return
        identity.check(events[0])
        last_fit = max((i for i, e in enumerate(events) if e.kind == "fitted"), default=-1)
        for i, event in enumerate(events):
            if i == last_fit:
                self._restore(event)
            if event.kind == "class_added":
                self._take_schema(self.schema.with_class(event.payload["class"]))
            self._fold(event)

    def _restore(self, fitted: Event) -> None:
        """Have the model of the last fit again: from its weights, else by the same fit from the same seed."""
        kept = self.models.find(fitted.payload["model"])
        if kept is not None:
            self.learner.load(kept)
        else:
            labels, number = self.ledger.labels(self.schema), int(fitted.payload["round"])
            train(self.learner, self.ledger, labels, seed=self.seed, number=number, previous=None)
        self._watch.remember()

    def _take_schema(self, schema: Schema) -> None:
        self.schema = schema
        take = getattr(self.learner, "take_schema", None)
        if take is not None:
            take(schema)

    def _strategy_now(self) -> Strategy:
        if self.state.rounds or works_untrained(self.strategy, self.learner):
            return self.strategy
        if self.start is None:
            raise StateError(
                f"strategy {self.strategy} needs a fitted model and nothing is fitted yet; pass start='random' (or "
                "k_center, k_means, typicality on features), or tell some labels and fit first",
                code="ColdStart",
            )
        return self.start

    def _something_left(self) -> None:
        progress = self.progress
        if progress.available:
            return
        if progress.labels >= progress.items - progress.rejected and not progress.pending:
            raise StateError(
                f"all {progress.items} items of the pool have an answer ({progress.labels} labelled): nothing is left",
                code="PoolExhausted",
            )
        raise StateError(
            f"nothing is available: {progress.pending} items are handed out, {progress.skipped} skipped, "
            f"{progress.rejected} rejected, {progress.labels} labelled; tell the pending ones first",
            code="NothingAvailable",
        )

    def _within_budget(self, n: int) -> None:
        if self.budget is not None and n > self.left + 1e-9:
            raise ArgumentError(
                f"the budget does not reach: {self.ledger.cost:g} of {self.budget:g} spent, {n} asked, "
                f"{self.left:g} left; ask for fewer or raise the budget",
                code="BudgetError",
            )

    def _ask_given(self, items: Sequence[ItemId]) -> Query:
        rows = self.source.rows_of(items)
        taken = rows[self.ledger.states[rows] != ItemState.UNLABELLED]
        if len(taken) or len(np.unique(rows)) != len(rows) or not len(rows):
            who = self.source.ids[int(taken[0])] if len(taken) else "one twice or none"
            raise StateError(
                f"only available items can be asked about, each once; {who!r} is not", code="NothingAvailable"
            )
        nothing = np.full(len(rows), np.nan)
        chosen = Selection(np.arange(len(rows)), nothing, ("given",) * len(rows))
        return self._hand_out(Items(self.source.ids, rows), "given", chosen, {})

    def _hand_out(self, items: Items, strategy: str, chosen: Selection, seconds: Mapping[str, float]) -> Query:
        turn = self.state.turns
        name = f"q{turn}"
        payload = {
            "query": name,
            "turn": turn,
            "items": list(items),
            "strategy": strategy,
            "scores": [None if math.isnan(s) else s for s in chosen.scores.tolist()],
            "reasons": list(chosen.reasons) or [""] * len(chosen),
            "round": len(self.state.rounds),
            "model": self.state.model,
            "arm": chosen.arm,
            "inclusion": None if chosen.inclusion is None else chosen.inclusion.tolist(),
            "seconds": dict(seconds),
        }
        self._append("asked", payload)
        return self.state.queries[name]

    def _measure(self) -> dict[str, float]:
        out: dict[str, float] = {}
        for name, evaluation in self.evaluate.items():
            prefix = "" if name == "test" else f"{name}_"
            out.update({prefix + metric: value for metric, value in evaluation.measure(self.learner).items()})
        return out
