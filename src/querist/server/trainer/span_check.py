"""Texts that were answered before a type of spans was there, and may have one: which of them are asked about again.

Whoever answered then could not mark the type, and a tagger that learns from all answers learns that its words are none.
So a second tagger learns from the answers given since, and old texts are ranked by how probable the type is in them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Labels
from querist.data.ledger import ItemState
from querist.server.trainer.advice import is_milestone
from querist.server.trainer.candidate import Wanted
from querist.server.trainer.checking import CLASSES, LIKELY
from querist.server.trainer.learners import some_labels
from querist.server.trainer.snapshot import Snapshot
from querist.server.trainer.tagging import Tagging

__all__ = ["SpanCheck"]

_LOOKED = 1_000
"""Old texts that are looked at; of more, every second, third ... one."""


class SpanCheck:
    """Texts that were answered before a type of spans was there, and may have one.

    A second tagger is fitted for it, which takes about a second: only when a tenth more answers came since.

    Args:
        tagging: the texts and the tagger.
    """

    def __init__(self, tagging: Tagging) -> None:
        self._tagging = tagging
        self._names: tuple[str, ...] = ()
        self._since = 0
        self._found: list[tuple[int, str, float]] = []

    def __call__(self, snapshot: Snapshot, labels: Labels, most: int) -> list[Wanted]:
        """Labelled items to be looked at again, the most probable first.

        Args:
            snapshot: the project.
            labels: all that train, as tags of tokens.
            most: how many at most.
        """
        changed = snapshot.unaware()[-CLASSES:]
        if not changed:
            return []
        rows = snapshot.train.rows(ItemState.LABELLED)
        old = {change.name: rows_before for change, rows_before in changed}
        oldest = max(changed, key=lambda entry: len(entry[1]))[1]
        since = ~np.isin(rows, oldest)
        if self._names != tuple(old) or is_milestone(self._since, int(since.sum())):
            self._names, self._since = tuple(old), int(since.sum())
            self._found = self._look(rows, labels, since, old)
        names = [(row, name, p) for row, name, p in self._found if row in set(old[name].tolist())]
        return [Wanted(snapshot.pool.ids[row], p, _type_said(name, p), "check") for row, name, p in names[:most]]

    def _look(
        self, rows: NDArray[np.int64], labels: Labels, since: NDArray[np.bool_], old: dict[str, NDArray[np.int64]]
    ) -> list[tuple[int, str, float]]:
        """(row, type, probability) of each text that may have a type which came after its answer, the likeliest first."""
        learnt = some_labels(labels, since)
        given = {self._tagging.schema.tags[n].partition("-")[2] for n in np.unique(learnt.targets).tolist()}
        names = [name for name in old if name in given]
        places = np.flatnonzero(~since)
        if not names or not len(places):
            return []
        places = places[:: -(-len(places) // _LOOKED)]
        probs = self._tagging.probable(learnt, some_labels(labels, places), names)
        found: dict[int, tuple[str, float]] = {}
        for k, name in enumerate(names):
            for place in np.flatnonzero((probs[:, k] >= LIKELY) & np.isin(rows[places], old[name])).tolist():
                row, p = int(rows[places[place]]), float(probs[place, k])
                if p > found.get(row, ("", 0.0))[1]:
                    found[row] = (name, p)
        return [(row, *found[row]) for row in sorted(found, key=lambda r: (-found[r][1], r))]


def _type_said(name: str, p: float) -> str:
    return f"labelled with its spans before {name!r} was added; the model now gives {name!r} {p:.0%} at a word of it"
