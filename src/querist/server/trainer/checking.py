"""Old answers that a new class may concern: which of them are asked about again.

With one class an item they are those that models of the other labels doubt (`check_items`). Where an item may have several,
whoever answered before the class was there could not give it, so that every old answer lacks it, and a model that learns
from them all learns that they do. So the class is learnt from the answers given since, and old ones are ranked by how
probable it is for them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Array, Labels
from querist.data.ledger import ItemState
from querist.data.schema import MultiLabel, SingleLabel
from querist.server.trainer.candidate import Wanted
from querist.server.trainer.choosing import check_items
from querist.server.trainer.learners import STRENGTH, linear_learner, predicted, some_labels
from querist.server.trainer.snapshot import Pool, Snapshot

__all__ = ["CLASSES", "LIKELY", "check_old", "check_several"]

LIKELY = 0.25
"""Probability of the new class from which on an old answer is worth another look."""
CLASSES = 5
"""New classes that are looked at, the newest."""


def check_old(snapshot: Snapshot, labels: Labels, most: int) -> list[Wanted]:
    """Labelled items to be looked at again, the most doubtful first; none for numbers. Spans: `span_check`.

    Args:
        snapshot: the project.
        labels: all that train.
        most: how many at most.
    """
    rows = snapshot.train.rows(ItemState.LABELLED)
    if isinstance(snapshot.schema, MultiLabel):
        return check_several(snapshot, rows, labels.targets, most)
    if isinstance(snapshot.schema, SingleLabel):
        return check_items(snapshot, _unseen(snapshot, labels), rows, most)
    return []


def check_several(snapshot: Snapshot, rows: NDArray[np.int64], targets: Array, most: int) -> list[Wanted]:
    """Labelled items that may have a class which came after their answer, the most probable first.

    Args:
        snapshot: the project; an item may have several classes.
        rows: (L,) labelled rows.
        targets: (L, C) of their answers.
        most: how many at most.
    """
    found: dict[int, tuple[float, str]] = {}
    for change, old in snapshot.unaware()[-CLASSES:]:
        has = targets[:, snapshot.classes.index(change.name)] >= 0.5
        before = np.isin(rows, old) & ~has
        since = ~np.isin(rows, old)
        if not before.any() or len(np.unique(has[since])) < 2:  # nobody has given it yet, or all have
            continue
        probs = _probable(snapshot.pool, rows[since], has[since], rows[before])
        for place, p in zip(np.flatnonzero(before).tolist(), probs.tolist(), strict=True):
            row = int(rows[place])
            if p >= LIKELY and p > found.get(row, (0.0, ""))[0]:
                said = _said([n for n, t in zip(snapshot.classes, targets[place], strict=True) if t >= 0.5])
                found[row] = (
                    p,
                    f"labelled {said} before {change.name!r} was added; the model now gives {change.name!r} {p:.0%}",
                )
    best = sorted(found.items(), key=lambda entry: (-entry[1][0], entry[0]))[:most]
    return [Wanted(snapshot.pool.ids[row], p, reason, "check") for row, (p, reason) in best]


def _unseen(snapshot: Snapshot, labels: Labels) -> Array:
    """(L, C) probabilities of the labelled items from models that were fitted on the others: three folds."""
    out = np.zeros((len(labels), len(snapshot.classes)))
    fold = np.arange(len(labels)) % 3
    trial = linear_learner(snapshot.pool, snapshot.schema)
    rows = snapshot.pool.rows_of(labels.items)
    for k in range(3):
        inside = fold == k
        if inside.any() and (~inside).any():
            trial.fit(some_labels(labels, ~inside), seed=0)
            out[inside] = predicted(trial, snapshot.pool, rows[inside])
    return out


def _probable(pool: Pool, rows: NDArray[np.int64], has: NDArray[np.bool_], asked: NDArray[np.int64]) -> Array:
    """(n,) probabilities that the rows ``asked`` have what some of ``rows`` have."""
    from sklearn.linear_model import LogisticRegression

    head = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-3)
    return np.asarray(head.fit(pool.take(rows), has).predict_proba(pool.take(asked))[:, 1])


def _said(names: list[str]) -> str:
    return ", ".join(map(repr, names)) or "with no label"
