"""One round: read what was answered, fit, measure, choose the next queue, and write it all down as a candidate.

Everything that may take long says what it is doing; what can wait (labels saved) is done in the quiet after a round and
stands in the next report.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import QueristError, shorten
from querist.core.ports import Learner, Strategy
from querist.core.seeds import derive
from querist.core.types import Array, FitReport, Labels, Progress, Round
from querist.data.ledger import ItemState, Ledger
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.data.spans import Spans
from querist.server.trainer.advice import Measured, advise, default_rule, is_milestone, milestones, wilson
from querist.server.trainer.against_random import AgainstRandom, hits
from querist.server.trainer.candidate import Guesses, Wanted, write_candidate
from querist.server.trainer.checking import check_old
from querist.server.trainer.choosing import (
    Chooser,
    Chosen,
    guesses_of,
    interleaved,
    random_queue,
    shares_of,
)
from querist.server.trainer.comparing import agreement, decided, measure
from querist.server.trainer.learners import learner_for, linear_learner, predicted, some_labels
from querist.server.trainer.snapshot import Features, Snapshot
from querist.server.trainer.zero_shot import NOTE as NAMES_NOTE
from querist.server.trainer.zero_shot import name_guesses
from querist.session.agreement import stop_set
from querist.session.needs import check_needs

if TYPE_CHECKING:
    from querist.server.trainer.span_check import SpanCheck
    from querist.server.trainer.tagging import Tagging
    from querist.server.trainer.zero_shot import ClassNames

__all__ = ["Rounds"]

Beat = Callable[[str], None]
_WATCHED_TEXTS = 300
"""Texts that taggers are compared on."""
_TAGS = "mnlp"
"""What it plays for spans."""
_SEVERAL = "binary_minimum"
"""What ``auto`` plays where an item may have several classes."""


class Rounds:
    """Makes round after round of one project.

    Args:
        snapshot: the project.
        beat: told what is being done.
    """

    def __init__(self, snapshot: Snapshot, beat: Beat) -> None:
        self.snapshot, self._beat = snapshot, beat
        self.encoder = ""
        self.history: list[Round] = []
        self._turn = 0
        self._made_for: tuple[Any, ...] = ()
        self._learner: Learner | None = None
        self._chooser: Chooser | None = None
        self._notes: tuple[str, ...] = ()
        self._tagging: Tagging | None = None
        self._span_check: SpanCheck | None = None
        self._names: ClassNames | None = None
        self._watched: NDArray[np.int64] | None = None
        self._last: tuple[Any, Array] | None = None
        self._random = AgainstRandom()
        self.remark = ""
        self.seconds: dict[str, float] = {}

    def use(self, encoder: str, features: Features, names: ClassNames | None = None) -> None:
        """See the items through these features from now on, and the names of classes where the encoder reads them."""
        self.encoder, self.snapshot.pool.features, self._names = encoder, features, names
        self._made_for = ()

    # -- a round -------------------------------------------------------------------------------------------------------

    def run(self, queue: int) -> tuple[str, int, int]:
        """One round of what the snapshot holds: the candidate's name, its number, and the event up to which it has seen.

        Args:
            queue: items of the queue.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks for programmers; errors become notes, or end the round
            return self._run(queue)

    def _run(self, queue: int) -> tuple[str, int, int]:
        started = time.perf_counter()
        seconds: dict[str, float] = {}
        self._equip()
        self._take_history()
        number = self.history[-1].round + 1 if self.history else 0
        learnable = self._learner is not None and self.snapshot.labels
        labels = self._labels(self.snapshot.train) if learnable else None
        report, learner = FitReport(round=number), self._learner
        if labels is not None and learner is not None:
            self._beat("fit")
            report = learner.fit(labels, seed=derive(self.snapshot.facts.seed, "fit", number))
            seconds["fit"] = time.perf_counter() - started
        fitted = labels is not None and learner is not None
        self._beat("measure")
        measured = self._measure(learner) if fitted else None
        agreed = self._agreement(learner, len(labels)) if fitted and labels is not None else None
        if labels is not None:
            self._note(number, labels, measured, agreed)
        before = time.perf_counter()
        self._beat("choose")
        chosen = self._choose(queue, fitted)
        queued, guesses = self._finish_queue(chosen, queue, learner if fitted else None, labels)
        named = self._from_names(queued, labels)
        if named:
            guesses, chosen = named, replace(chosen, notes=(*chosen.notes, NAMES_NOTE))
        seconds["select"] = time.perf_counter() - before
        self._beat("save")
        payload = self._report(number, report, measured, agreed, chosen, seconds)
        payload["seconds"]["round"] = round(time.perf_counter() - started, 4)
        save = learner.save if fitted and learner is not None else None
        before = time.perf_counter()
        name = write_candidate(self.snapshot.folder, self._turn, save, report=payload, queue=queued, guesses=guesses)
        self.seconds = {**seconds, "save": time.perf_counter() - before}
        return name, number, self.snapshot.seq

    def quiet(self, wanted: Callable[[], bool] = lambda: False) -> None:
        """What can wait until nobody waits: the estimate of labels saved.

        Args:
            wanted: whether somebody waits; what is begun is gone on with the next time.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._random.advance(
                self.snapshot, self._tagging, self._validated(), wanted, lambda: self._beat("compare with random")
            )

    # -- inside --------------------------------------------------------------------------------------------------------

    def _equip(self) -> None:
        """A learner and a chooser for the strategy, features and classes of the moment."""
        snapshot = self.snapshot
        text = str(snapshot.setting("strategy", "auto"))
        key = (text, repr(snapshot.schema), id(snapshot.pool), id(snapshot.pool.features))
        if key == self._made_for:
            return
        self._learner, self._chooser, self._notes = None, None, ()
        self._random.drop()
        self._tagging, self._span_check = None, None
        if isinstance(snapshot.schema, Spans):
            self._equip_tagging(text)
            self._made_for = key
            return
        if snapshot.pool.features is None:
            return
        from querist.strategies.algebra import as_strategy

        strategy: Strategy = as_strategy(text)
        if text == "auto" and isinstance(snapshot.schema, MultiLabel):
            strategy = as_strategy(_SEVERAL)
        try:
            self._learner = learner_for(strategy, snapshot.pool, snapshot.schema)
        except QueristError as error:
            strategy = as_strategy("random")
            self._learner = linear_learner(snapshot.pool, snapshot.schema)
            self._notes = (f"{shorten(text)} cannot be used here, so the queue is random: {shorten(str(error), 200)}",)
        self._chooser = Chooser(snapshot, self._learner, strategy, as_strategy("k_means"))
        self._made_for = key
        self._last = None

    def _equip_tagging(self, text: str) -> None:
        """A tagger, where the texts are few enough to be held by it; else spans are asked about in random order."""
        from querist.server.trainer.span_check import SpanCheck
        from querist.server.trainer.tagging import MOST_TEXTS, Tagging
        from querist.strategies.algebra import as_strategy

        if len(self.snapshot.pool) > MOST_TEXTS or self.snapshot.modality != "text" or not self.snapshot.classes:
            why = f"a tagger learns beside you up to {MOST_TEXTS:,} texts"
            self._notes = (f"spans are asked about in random order: {why}",)
            return
        self._beat("load tagger")
        self._tagging = Tagging(self.snapshot)
        self._span_check = SpanCheck(self._tagging)
        self._learner = self._tagging.learner
        strategy = as_strategy(_TAGS if text == "auto" else text)
        try:
            check_needs(strategy, self._learner, frozenset(), reference=False, schema=self.snapshot.schema)
        except QueristError as error:
            self._notes = (f"{shorten(text)} cannot be used for spans, so {_TAGS} is: {shorten(str(error), 200)}",)
            strategy = as_strategy(_TAGS)
        self._chooser = Chooser(self.snapshot, self._learner, strategy, as_strategy("random"))

    def _labels(self, ledger: Ledger) -> Labels:
        """The labels of a ledger as the learner takes them."""
        return self._tagging.labels(ledger) if self._tagging is not None else ledger.labels(self.snapshot.schema)

    def _take_history(self) -> None:
        """Rounds that the journal has and we have not: those of a trainer before this one."""
        last = self.history[-1].round if self.history else -1
        self.history += [r for r in self.snapshot.facts.rounds if r.round > last and r.labels]

    def _measure(self, learner: Learner | None) -> Measured | None:
        labels = self._validated()
        if learner is None or not len(labels):
            return None
        if self._tagging is not None:
            return _share("exact_match", self._tagging.hits(labels))
        said = predicted(learner, self.snapshot.pool, self.snapshot.pool.rows_of(labels.items))
        if isinstance(self.snapshot.schema, Number):
            errors = np.abs(said - labels.targets)
            half = 1.96 * float(errors.std(ddof=1)) / np.sqrt(len(errors)) if len(errors) > 1 else float(errors.mean())
            mean = float(errors.mean())
            return Measured("mae", mean, max(mean - half, 0.0), mean + half, len(errors))
        name = "exact_match" if isinstance(self.snapshot.schema, MultiLabel) else "accuracy"
        return _share(name, hits(said, labels.targets))

    def _validated(self) -> Labels:
        if not self.snapshot.validation.count(ItemState.LABELLED):
            return Labels([], np.zeros(0))
        return self._labels(self.snapshot.validation)

    def _agreement(self, learner: Learner | None, labels: int) -> float | None:
        """How far the models of this milestone and of the last agree, on a fixed set; None between milestones."""
        if learner is None:
            return None
        past = milestones(self.history)
        if past and not is_milestone(past[-1].labels, labels):
            return None
        if self._watched is None or self._last is None:
            rows = np.asarray(stop_set(self.snapshot.train, self.snapshot.facts.seed).rows)
            self._watched = rows if self._tagging is None else rows[:: max(len(rows) // _WATCHED_TEXTS, 1)]
            self._last = self._remember(past[-1].labels) if past and past[-1].labels < labels else None
        now = self._says(learner, self._watched)
        last, self._last = self._last, (self.snapshot.classes, now)
        same = last is not None and last[0] == self.snapshot.classes
        return agreement(self.snapshot.schema, last[1], now) if last is not None and same else None

    def _says(self, learner: Learner, rows: NDArray[np.int64]) -> Array:
        """What a model would answer to some items, as `agreement` compares it."""
        if self._tagging is not None:
            return self._tagging.tags(rows)
        return decided(self.snapshot.schema, predicted(learner, self.snapshot.pool, rows))

    def _remember(self, count: int) -> tuple[Any, Array] | None:
        """What the model of the last milestone said, fitted again on its labels: after a restart, or new features.

        A tagger is not fitted a second time for it: with spans the next milestone has nothing to be compared with.
        """
        if count < 1 or self._watched is None or self._tagging is not None:
            return None
        trial = linear_learner(self.snapshot.pool, self.snapshot.schema)
        trial.fit(some_labels(self.snapshot.train.labels(self.snapshot.schema), slice(0, count)), seed=0)
        return self.snapshot.classes, self._says(trial, self._watched)

    def _note(self, number: int, labels: Labels, measured: Measured | None, agreed: float | None) -> None:
        self.history.append(
            Round(
                round=number,
                labels=len(labels),
                cost=self.snapshot.train.cost,
                metrics={} if measured is None else measured.metrics(),
                agreement=agreed,
                strategy=str(self.snapshot.setting("strategy", "auto")),
                queried=tuple(self.snapshot.facts.fresh),
            )
        )

    def _choose(self, queue: int, fitted: bool) -> Chosen:
        self._turn += 1
        if self._chooser is None:
            return random_queue(self.snapshot, queue, self._turn)
        rounds = tuple(self.history) if fitted else ()
        return self._chooser.choose(queue, rounds, self._turn)

    def _finish_queue(
        self, chosen: Chosen, count: int, learner: Learner | None, labels: Labels | None
    ) -> tuple[tuple[Wanted, ...], Guesses]:
        checks: list[Wanted] = []
        if learner is not None and labels is not None and self.snapshot.unaware():
            self._beat("check old labels")
            check = check_old if self._span_check is None else self._span_check
            checks = check(self.snapshot, labels, max(count // 10, 1))
        queue = interleaved(chosen.queue, checks, count)
        return queue, {} if learner is None else self._guesses(learner, queue)

    def _guesses(self, learner: Learner, queue: tuple[Wanted, ...]) -> Guesses:
        if self._tagging is not None:
            return self._tagging.guesses([w.item for w in queue])
        return guesses_of(learner, self.snapshot, queue)

    def _from_names(self, queue: tuple[Wanted, ...], labels: Labels | None) -> Guesses:
        """Guesses from the names of the classes, while no two classes have labels; none where names mean nothing."""
        schema, names = self.snapshot.schema, self._names
        if names is None or not isinstance(schema, SingleLabel) or not queue or _two_classes(labels):
            return {}
        vectors = names.vectors(schema.classes)
        if len(vectors) < 2:
            return {}
        features = self.snapshot.pool.take(self.snapshot.pool.rows_of([w.item for w in queue]))
        return shares_of(schema, queue, name_guesses(np.stack(list(vectors.values())), features))

    def _report(
        self,
        number: int,
        report: FitReport,
        measured: Measured | None,
        agreed: float | None,
        chosen: Chosen,
        seconds: dict[str, float],
    ) -> dict[str, Any]:
        snapshot = self.snapshot
        count = snapshot.train.count
        progress = Progress(
            items=len(snapshot.pool) - count(ItemState.HELD),
            labels=snapshot.labels,
            cost=snapshot.train.cost,
            rounds=len(self.history),
            turns=self._turn,
            available=count(ItemState.UNLABELLED),
            pending=count(ItemState.PENDING),
            skipped=count(ItemState.SKIPPED),
            rejected=count(ItemState.REJECTED),
            history=tuple(self.history),
        )
        told = snapshot.facts.told
        rule = str(snapshot.setting("stop", "") or default_rule(snapshot.schema))
        return {
            "round": number,
            "labels": snapshot.labels,
            "cost": snapshot.train.cost,
            "model": None,
            "metrics": {} if measured is None else measured.metrics(),
            "agreement": agreed,
            "surprise": None,
            "notes": [note for note in (*report.notes, *self._notes, *chosen.notes, self.remark) if note],
            "seconds": {name: round(value, 4) for name, value in seconds.items()},
            "encoder": self.encoder,
            "upto": snapshot.seq,
            "advice": advise(progress, told, rule, measured, measure(snapshot.schema)),
            "strategy": chosen.strategy,
            "candidates": chosen.candidates,
            "saved": None if self._random.saved is None else self._random.saved.to_json(),
        }


def _two_classes(labels: Labels | None) -> bool:
    if labels is None:
        return False
    targets = labels.targets
    return len(np.unique(targets if targets.ndim == 1 else targets.argmax(axis=1))) > 1


def _share(name: str, hits: NDArray[np.bool_]) -> Measured:
    low, high = wilson(int(hits.sum()), len(hits))
    return Measured(name, float(hits.mean()), low, high, len(hits))
