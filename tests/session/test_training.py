from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from querist.core.seeds import derive
from querist.core.types import FitReport, Labels
from querist.data.arrays import array_source
from querist.data.ledger import Ledger
from querist.session.training import train

OF = array_source(np.arange(10.0)[:, None], ids=[f"i{k}" for k in range(10)])


class Plain:
    """Records how it was fitted."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        self.told.append((len(labels), seed, previous))
        return FitReport(labels=len(labels), model="m")


class Looking(Plain):
    """Takes the pool as well."""

    def take_pool(self, rows: Any) -> None:
        self.told.append(rows.tolist())


def test_the_pool_is_handed_over_without_what_is_held_out() -> None:
    ledger = Ledger(OF, np.array([7, 8, 9]))
    learner: Any = Looking()
    report = train(learner, ledger, Labels(["i0"], np.array([0])), seed=4, number=2, previous=Path("before"))
    assert learner.told == [list(range(7)), (1, derive(4, "fit", 2), Path("before"))]
    assert report.labels == 1


def test_a_learner_that_takes_no_pool_is_only_fitted() -> None:
    learner: Any = Plain()
    train(learner, Ledger(OF), Labels(["i0"], np.array([0])), seed=4, number=0, previous=None)
    assert learner.told == [(1, derive(4, "fit", 0), None)]
