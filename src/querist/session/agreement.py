"""How far two models agree on a fixed set of items, and how often the last model was wrong on what was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from querist.core.ports import Learner
from querist.core.seeds import id_hashes, tie_keys
from querist.core.signals import PROBS
from querist.core.types import Array, ItemId, Items, Labels
from querist.data.ledger import ItemState, Ledger
from querist.session.rules.agreement import kappa

__all__ = ["STOP_SET", "Watcher", "stop_set"]

STOP_SET = 1_000
"""How many items the agreement of successive models is watched on."""
_SCANNED = 50_000


def stop_set(ledger: Ledger, seed: int) -> Items:
    """Items fixed by the seed on which successive models are compared: at most `STOP_SET`, never held-out ones.

    Beyond 50,000 items it is drawn from evenly spaced ones, so that a pool of a million is not hashed for it.
    """
    free = np.flatnonzero(ledger.states != ItemState.HELD).astype(np.int64)
    if len(free) > STOP_SET:
        sample = free[:: max(len(free) // _SCANNED, 1)]
        ids = np.asarray([ledger.source.ids[r] for r in sample.tolist()])
        keys = tie_keys(id_hashes(ids), seed, "stop set")
        free = np.sort(sample[np.argpartition(keys, STOP_SET)[:STOP_SET]])
    return ledger.items(free)


class Watcher:
    """Predictions of successive models on a stop set.

    Args:
        learner: the model; nothing is watched when it gives no probabilities.
        items: the stop set; their labels are never needed.
    """

    def __init__(self, learner: Learner, items: Sequence[ItemId]) -> None:
        self.learner = learner
        self.items = items
        self._last: Array | None = None

    @property
    def able(self) -> bool:
        """Whether there is anything to watch."""
        return len(self.items) > 0 and PROBS in self.learner.provides

    def classes(self, items: Sequence[ItemId]) -> Array:
        """The predicted class number of each item."""
        probs: Array = np.asarray(self.learner.signals(items, frozenset({PROBS}))[PROBS])
        return np.asarray(probs.argmax(axis=1))

    def remember(self) -> None:
        """Take the present model's predictions as the ones to compare with."""
        if self.able:
            self._last = self.classes(self.items)

    def agreement(self) -> float | None:
        """Cohen's kappa between the present model and the one before, or None for the first."""
        if not self.able:
            return None
        now = self.classes(self.items)
        last, self._last = self._last, now
        return None if last is None else float(kappa(last, now))

    def surprise(self, ledger: Ledger, labels: Labels, fresh: Sequence[ItemId]) -> float | None:
        """Share of the freshly labelled items that the present model, which has not seen them, guesses wrong."""
        if not self.able or not fresh or labels.targets.ndim != 1 or labels.targets.dtype.kind != "i":
            return None
        rows = ledger.rows(ItemState.LABELLED)
        places = np.flatnonzero(np.isin(rows, ledger.source.rows_of(fresh)))
        return float((self.classes(ledger.items(rows[places])) != labels.targets[places]).mean())
