"""From learner and ledger to the `Context` that a strategy reads: lazily, one pass for all that is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.contract import needs_now
from querist.core.errors import ArgumentError, StateError
from querist.core.ports import Learner, Strategy
from querist.core.seeds import id_hashes
from querist.core.signals import GRAPH, LABELS, PROBS, TARGETS, Context, Signal, View
from querist.core.types import Array, ItemId, Items, Round
from querist.core.whole import Whole
from querist.data.ledger import ItemState, Ledger
from querist.session.needs import kind_of_answer
from querist.session.signal_cache import SignalCache

__all__ = ["ContextMaker"]


class _Schema(Protocol):
    def encode(self, value: Any, item: str = ...) -> Any: ...
    def encode_distribution(self, shares: Any, item: str = ...) -> Any: ...
    def stack(self, encoded: Any) -> Any: ...


class ContextMaker:
    """Builds the context of each ask.

    Args:
        learner: gives the signals.
        ledger: knows who is pool, labelled and pending.
        reference: rows of the reference set, or None.
        side: signals that the session holds itself, over the whole source (cost, graph).
    """

    def __init__(
        self,
        learner: Learner,
        ledger: Ledger,
        reference: NDArray[np.int64] | None,
        side: Mapping[Signal, Any],
    ) -> None:
        self.learner = learner
        self.ledger = ledger
        self.reference = reference
        self.side = dict(side)
        self.seconds = 0.0
        self._hashes: NDArray[np.uint64] | None = None
        self._cache = SignalCache()
        self._model: tuple[str | None, int, str] = (None, 0, "")

    def make(
        self,
        strategy: Strategy,
        schema: _Schema,
        *,
        seed: int,
        rounds: tuple[Round, ...],
        exclude: Sequence[ItemId] = (),
        model: str | None = None,
    ) -> tuple[Context, NDArray[np.int64]]:
        """The context, and the source row of each pool row. `seconds` then counts the time spent on signals.

        Items in ``exclude`` are not in the pool. What the learner told of an item is kept while ``model``, the digest of
        its weights, the round, of whose seed members are drawn, and the schema are the same.
        """
        self.seconds = 0.0
        now = (model, len(rounds), repr(schema))
        if now != self._model:
            self._cache, self._model = SignalCache(), now
        if self._hashes is None:
            self._hashes = id_hashes(np.asarray(self.ledger.source.ids))
        needs = needs_now(strategy, len(rounds))
        pool = self.ledger.rows(ItemState.UNLABELLED)
        if len(exclude):
            pool = np.setdiff1d(pool, self.ledger.source.rows_of(exclude))
            if not len(pool):
                raise StateError("exclude leaves out all items that are available", code="NothingAvailable")
        labelled = self.ledger.rows(ItemState.LABELLED)
        arrays: dict[Signal, Array] = {}
        spans = (
            kind_of_answer(schema) == "spans"
        )  # what only takes labels into account where there are some does without
        known = (needs.labelled if spans else needs.labelled | needs.uses) & {LABELS, TARGETS}
        if known:
            targets = self.ledger.labels(schema).targets
            if targets.ndim == 2 and targets.dtype.kind == "i":
                raise ArgumentError(
                    f"strategy {strategy} reads one class an item, and here labels are spans; use a strategy that reads "
                    "tokens, nbest, members or embedding",
                    code="NeedsCapability",
                )
            arrays[TARGETS] = targets.astype(np.float64)
            arrays[LABELS] = targets if targets.ndim == 1 else targets.argmax(axis=1)
            arrays = {signal: arrays[signal] for signal in known}
        told = self.learner.provides if rounds else frozenset(getattr(self.learner, "untrained", ()))
        able = self.learner.provides | self.side.keys()
        if kind_of_answer(schema) == "labels":  # several probabilities an item, and no distribution
            told -= {PROBS}
        uses = needs.uses & (able if not needs.optional else told | self.side.keys())
        wanted = needs.pool | (needs.uses & self.side.keys()) | (needs.optional & (told | self.side.keys()))
        pending = self.ledger.rows(ItemState.PENDING)
        whole = None
        if needs.whole and GRAPH in self.side:
            every = self._view(np.arange(len(self.ledger.source)), needs.whole, "whole")
            whole = Whole(every, pool, labelled, pending, self._hashes)
        context = Context(
            pool=self._view(pool, wanted, "pool"),
            labelled=self._view(labelled, (needs.labelled | uses) - {LABELS, TARGETS}, "labelled", arrays),
            pending=self._view(pending, uses, "pending"),
            reference=None if self.reference is None else self._view(self.reference, needs.reference, "reference"),
            seed=seed,
            hashes=self._hashes[pool],
            ids=Items(self.ledger.source.ids, pool),
            round=len(rounds),
            history=rounds,
            capabilities={name: getattr(self.learner, name) for name in needs.capabilities},
            labelled_ids=Items(self.ledger.source.ids, labelled),
            whole=whole,
        )
        return context, pool

    def _view(
        self,
        rows: NDArray[np.int64],
        wanted: frozenset[Signal],
        role: str,
        arrays: Mapping[Signal, Array] | None = None,
    ) -> View:
        def load(names: frozenset[Signal], some: NDArray[np.int64] | None) -> Mapping[Signal, Any]:
            started = time.perf_counter()
            picked = rows if some is None else rows[some]
            out: dict[Signal, Any] = {s: _rows_of(self.side[s], picked) for s in names if s in self.side}
            asked = frozenset(names - out.keys() - {LABELS, TARGETS})
            if asked:
                out.update(self._cache.get(picked, asked, self._told))
            self.seconds += time.perf_counter() - started
            return out

        return View(len(rows), arrays, role=role, load=load, wanted=wanted, check=check_signal)

    def _told(self, rows: NDArray[np.int64], names: frozenset[Signal]) -> Mapping[Signal, Any]:
        view = self.learner.signals(Items(self.ledger.source.ids, rows), names)
        return {signal: view[signal] for signal in names}


def _rows_of(value: Any, rows: NDArray[np.int64]) -> Any:
    if hasattr(value, "tocsr"):
        return value.tocsr()[rows][:, rows]
    return np.asarray(value)[rows]
