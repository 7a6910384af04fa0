"""The queue of what to ask next, with reasons, and what the model guesses of it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import choose
from querist.core.errors import QueristError, shorten
from querist.core.ports import Learner, Strategy
from querist.core.seeds import derive, generator
from querist.core.types import Array, Round
from querist.data.ledger import ItemState
from querist.data.schema import ClassSchema, MultiLabel, Number
from querist.server.trainer.candidate import Guesses, Wanted
from querist.server.trainer.learners import predicted
from querist.server.trainer.snapshot import Changed, Snapshot
from querist.server.trainer.spread import shortlist_times, spread, words_of
from querist.session.needs import works_untrained
from querist.session.views import ContextMaker

__all__ = ["Chooser", "Chosen", "check_items", "guesses_of", "interleaved", "random_queue", "shares_of"]

_FIRST_POOL = 4_000
_LEAST_POOL = 1_000
_SHOWN = 3
_CHECK_SHARE = 10
_HANDED_OUT = 200
"""Items handed out that a queue is kept apart from."""
_ENOUGH = 3
"""Labels of a new class from which on the model's word for it counts."""


@dataclass(frozen=True)
class Chosen:
    """A queue and how it came about.

    Args:
        queue: best first.
        strategy: text of what chose.
        candidates: items it was chosen among.
        notes: what the user should know.
    """

    queue: tuple[Wanted, ...]
    strategy: str
    candidates: int
    notes: tuple[str, ...] = ()


class Chooser:
    """Asks a strategy among as many random candidates as it can look through in time.

    Costs of strategies differ a thousandfold, some grow with the square of the pool. So each round looks at a random part
    of the pool, another one each time, which grows and shrinks with the time that the last choice took.

    Args:
        snapshot: the project.
        learner: gives the signals.
        strategy: chooses.
        start: chooses before the first fit where ``strategy`` cannot.
        seconds: that a choice may take.
    """

    def __init__(
        self, snapshot: Snapshot, learner: Learner, strategy: Strategy, start: Strategy, *, seconds: float = 0.4
    ) -> None:
        self.snapshot, self.learner, self.strategy, self.start = snapshot, learner, strategy, start
        self.seconds, self.most = seconds, _FIRST_POOL
        self._contexts = ContextMaker(learner, snapshot.train, None, {})

    def choose(self, n: int, rounds: tuple[Round, ...], turn: int) -> Chosen:
        """A queue of at most ``n`` items.

        Args:
            n: how many.
            rounds: the fits so far; none before the first.
            turn: number of the choice, for its randomness.
        """
        free = self.snapshot.train.rows(ItemState.UNLABELLED)
        if not len(free):
            return Chosen((), str(self.strategy), 0)
        part = self.strategy
        notes: tuple[str, ...] = ()
        if not rounds and not works_untrained(part, self.learner):
            part = self.start
        try:
            return self._ask(part, n, rounds, turn)
        except QueristError as error:
            why = shorten(str(error), 200)
            notes = (f"{shorten(str(part))} cannot choose now, so the queue is in random order: {why}",)
        return replace(random_queue(self.snapshot, n, turn), notes=notes)

    def _ask(self, part: Strategy, n: int, rounds: tuple[Round, ...], turn: int) -> Chosen:
        seed = derive(self.snapshot.facts.seed, "queue", turn)
        context, pool = self._contexts.make(part, self.snapshot.schema, seed=seed, rounds=rounds)
        size, most = len(pool), max(self.most, n)
        if size > most:
            rows = np.sort(generator(seed, "candidates").choice(size, most, replace=False))
            context, pool = context.take(rows), pool[rows]
        started = time.perf_counter()
        times = shortlist_times(part) if self.snapshot.pool.features is not None else 0
        chosen = choose(part, context, n * max(times, 1))
        ids = self.snapshot.pool.ids
        reasons = chosen.reasons or (f"chosen by {part}",) * len(chosen)
        queue = [
            Wanted(ids[int(pool[place])], None if math.isnan(score) else float(score), reason or f"chosen by {part}")
            for place, score, reason in zip(chosen.indices.tolist(), chosen.scores.tolist(), reasons, strict=True)
        ]
        if times:
            queue = self._spread(queue, pool[chosen.indices], n)
        self._adapt(time.perf_counter() - started, len(pool), size)
        return Chosen(tuple(queue), str(part), len(pool))

    def _spread(self, best: list[Wanted], rows: NDArray[np.int64], n: int) -> list[Wanted]:
        """The ``n`` of the best to ask about, what is alike apart, also from what is handed out."""
        out = self.snapshot.train.rows(ItemState.PENDING)[-_HANDED_OUT:]
        take = self.snapshot.pool.take
        found = spread(take(rows), take(out), min(n, len(best)))
        words = words_of(found, len(best))
        picked = [best[place] for place in found.places.tolist()]
        return [replace(wanted, reason=f"{wanted.reason}; {said}") for wanted, said in zip(picked, words, strict=True)]

    def _adapt(self, took: float, looked: int, size: int) -> None:
        """Look at more or fewer next time; by at most twice, as costs may grow with the square."""
        if took > self.seconds:
            self.most = max(int(looked * max(math.sqrt(self.seconds / took), 0.5)), _LEAST_POOL)
        elif looked < size and took < 0.4 * self.seconds:
            self.most = min(int(looked * 1.5), 100_000)


def random_queue(snapshot: Snapshot, n: int, turn: int) -> Chosen:
    """Items in random order."""
    free = snapshot.train.rows(ItemState.UNLABELLED)
    drawn = generator(snapshot.facts.seed, "random queue", turn).permutation(len(free))[:n]
    ids = snapshot.pool.ids
    return Chosen(tuple(Wanted(ids[int(free[k])], None, "at random") for k in drawn.tolist()), "random", len(free))


def check_items(snapshot: Snapshot, probs: Array, rows: NDArray[np.int64], most: int) -> list[Wanted]:
    """Labelled items that a later change of the class list may concern, those that the model doubts most first.

    Args:
        snapshot: the project.
        probs: (n, C) probabilities of ``rows``, from models that were not fitted on them.
        rows: labelled rows.
        most: how many at most.
    """
    place = {row: k for k, row in enumerate(rows.tolist())}
    targets = snapshot.train.labels(snapshot.schema).targets
    counts = np.bincount(targets if targets.ndim == 1 else targets.argmax(axis=1), minlength=len(snapshot.classes))
    found: list[tuple[float, int, str]] = []
    for row, change in snapshot.doubtful():
        k = place.get(row)
        if k is None:
            continue
        own = int(targets[k] if targets.ndim == 1 else targets[k].argmax())
        doubt, reason = _doubt(probs[k], own, change, snapshot.classes, counts)
        if doubt > 0:
            found.append((doubt, row, reason))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    ids = snapshot.pool.ids
    return [Wanted(ids[row], doubt, reason, "check") for doubt, row, reason in found[:most]]


def _doubt(probs: Array, own: int, change: Changed, classes: Sequence[str], counts: Array) -> tuple[float, str]:
    """How doubtful an old label is, from 0, and why in words."""
    new = classes.index(change.name)
    if own == new:
        return 0.0, ""
    said = f"labelled {classes[own]!r} before {change.name!r} was added"
    if counts[new] >= _ENOUGH:
        if probs[new] <= 0.5 * probs[own]:
            return 0.0, ""
        return float(probs[new]), f"{said}; the model now gives {change.name!r} {probs[new]:.0%}"
    if probs[own] >= 0.5:
        return 0.0, ""
    return float(1.0 - probs[own]), f"{said}; the model gives its old label only {probs[own]:.0%}"


def interleaved(queue: Sequence[Wanted], checks: Sequence[Wanted], n: int) -> tuple[Wanted, ...]:
    """The queue with every tenth place given to an item to be checked."""
    out: list[Wanted] = []
    waiting = list(checks)
    for wanted in queue:
        if waiting and len(out) % _CHECK_SHARE == _CHECK_SHARE - 1:
            out.append(waiting.pop(0))
        out.append(wanted)
    return tuple([*out, *waiting][: max(n, len(checks) if not queue else n)])


def guesses_of(learner: Learner, snapshot: Snapshot, queue: Sequence[Wanted]) -> Guesses:
    """The most probable classes of each item of the queue, or the predicted number as text, without a probability."""
    if not queue:
        return {}
    rows = snapshot.pool.rows_of([w.item for w in queue])
    said = predicted(learner, snapshot.pool, rows)
    if isinstance(snapshot.schema, Number):
        return {w.item: ((f"{value:.6g}", None),) for w, value in zip(queue, said.tolist(), strict=True)}
    if not isinstance(snapshot.schema, ClassSchema):
        return {}
    return shares_of(snapshot.schema, queue, said)


def shares_of(schema: ClassSchema, queue: Sequence[Wanted], said: Array) -> Guesses:
    """The most probable classes of each item of the queue, from (n, C) probabilities; all, where several may hold."""
    out: dict[str, tuple[tuple[str, float], ...]] = {}
    for wanted, probs in zip(queue, said, strict=True):
        order = np.argsort(-probs, kind="stable")
        shown = order[:_SHOWN] if not isinstance(schema, MultiLabel) else order
        kept = [k for k in shown.tolist() if probs[k] >= (0.01 if len(order) > _SHOWN else 0.0)]
        out[wanted.item] = tuple((schema.classes[k], round(float(probs[k]), 4)) for k in kept)
    return out
