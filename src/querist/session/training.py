"""One fit of a session: the learner is told which items it may look at without labels, and then trains."""

from __future__ import annotations

from pathlib import Path

from querist.core.ports import Learner
from querist.core.seeds import derive
from querist.core.types import FitReport, Labels
from querist.data.ledger import ItemState, Ledger

__all__ = ["train"]


def train(
    learner: Learner, ledger: Ledger, labels: Labels, *, seed: int, number: int, previous: Path | None
) -> FitReport:
    """Fit number ``number`` of a session.

    A learner with a method ``take_pool`` is given the rows of the unlabelled pool first: items held out for testing are
    never among them.

    Args:
        learner: the model with its way of training.
        ledger: knows who is pool.
        labels: what it trains on.
        seed: of the session.
        number: of the round, from 0.
        previous: folder of the last saved model, or None.
    """
    take = getattr(learner, "take_pool", None)
    if take is not None:
        take(ledger.rows(ItemState.UNLABELLED))
    return learner.fit(labels, seed=derive(seed, "fit", number), previous=previous)
