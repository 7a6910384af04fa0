"""The comparison with random sampling, which is made step by step while nobody waits: of what labels, by what models."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import derive
from querist.core.types import Array, Labels
from querist.data.ledger import ItemState
from querist.data.schema import Number, Schema
from querist.data.spans import Spans
from querist.server.trainer.learners import linear_learner, predicted, some_labels
from querist.server.trainer.savings import Saved, estimate_saved, too_early
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.tagging import Tagging

__all__ = ["AgainstRandom", "hits"]


class AgainstRandom:
    """The estimate of labels saved, and the one that is being made."""

    def __init__(self) -> None:
        self.saved: Saved | None = None
        self._made_for = (-1, -1)
        self._running: Generator[None, None, Saved] | None = None

    def drop(self) -> None:
        """Leave the one that is being made: its features, classes or texts are no longer those of the project."""
        if self._running is not None:
            self._running, self._made_for = None, (-1, -1)

    def advance(
        self,
        snapshot: Snapshot,
        tagging: Tagging | None,
        validation: Labels,
        wanted: Callable[[], bool],
        beat: Callable[[], None],
    ) -> None:
        """Go on with the estimate until it is there or somebody waits; with labels as they were when it began.

        Args:
            snapshot: the project.
            tagging: its tagger, where answers are spans.
            validation: the answers to measure with.
            wanted: whether somebody waits.
            beat: called before each fit.
        """
        if self._running is None:
            self._begin(snapshot, tagging, validation)
        while self._running is not None and not wanted():
            beat()
            try:
                next(self._running)
            except StopIteration as done:
                self.saved, self._running = done.value, None

    def _begin(self, snapshot: Snapshot, tagging: Tagging | None, validation: Labels) -> None:
        schema = snapshot.schema
        controls = snapshot.controls()
        key = (len(controls), len(validation) // 10)
        if isinstance(schema, Spans) and tagging is None:
            self.saved = Saved(None, len(controls), "No estimate: no model learns from these answers.")
            return
        waits_for_features = tagging is None and snapshot.pool.features is None
        if key == self._made_for or waits_for_features or not len(controls):
            return
        self._made_for = key
        why = too_early(len(controls), len(validation))
        if why:
            self.saved = Saved(None, len(controls), why)
            return
        labels = snapshot.train.labels(schema) if tagging is None else tagging.labels(snapshot.train)
        inside = np.isin(snapshot.train.rows(ItemState.LABELLED), controls.rows)
        control, asked = some_labels(labels, inside), some_labels(labels, ~inside)
        if tagging is not None:
            good, floor = _tagged(tagging, validation)
        else:
            good, floor = _predicted(snapshot, validation), _always(schema, control.targets, validation.targets)
        seed = derive(snapshot.facts.seed, "saved", len(controls))
        self._running = estimate_saved(control, asked, good, floor=floor, seed=seed)


def hits(said: Array, targets: Array) -> NDArray[np.bool_]:
    """(n,) whether the most probable class is the label's, or all several labels are right.

    Args:
        said: (n, C) probabilities.
        targets: (n,) class numbers, (n, C) shares, or (n, C) of several labels.
    """
    if targets.ndim == 2 and not np.allclose(targets.sum(axis=1), 1.0):
        return np.asarray(((said >= 0.5) == (targets >= 0.5)).all(axis=1))
    truth = targets if targets.ndim == 1 else targets.argmax(axis=1)
    return np.asarray(said.argmax(axis=1) == truth)


def _predicted(snapshot: Snapshot, validation: Labels) -> Callable[[Labels], Array]:
    """Fits a linear model; classes are right or not, numbers are off by so much."""
    pool, schema, truth = snapshot.pool, snapshot.schema, validation.targets
    trial = linear_learner(pool, schema)
    rows = pool.rows_of(validation.items)

    def good(some: Labels) -> Array:
        trial.fit(some, seed=0)
        said = predicted(trial, pool, rows)
        return -np.abs(said - truth) if isinstance(schema, Number) else hits(said, truth)

    return good


def _always(schema: Schema, targets: Array, truth: Array) -> Array:
    """(V,) how good the best answer for all of ``targets`` is for ``truth``; either of them may hold shares."""
    if isinstance(schema, Number):
        return -np.abs(float(np.median(targets)) - truth)
    shares = np.bincount(targets) if targets.ndim == 1 else targets.mean(axis=0)
    return hits(np.tile(shares, (len(truth), 1)), truth)


def _tagged(tagging: Tagging, validation: Labels) -> tuple[Callable[[Labels], Array], Array]:
    """Fits a tagger: spans missed and spans found beside them, text by text; and the same of one that finds none."""
    return (lambda some: -tagging.faults(some, validation)), -tagging.spans_of(validation.targets)
