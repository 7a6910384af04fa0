"""Early stopping against losses written by hand."""

from __future__ import annotations

import pytest

from querist.training.early_stopping import EarlyStopping


@pytest.mark.parametrize(
    ("losses", "patience", "ends", "kept"),
    [
        ([3.0, 2.0, 1.0], 1, None, 2),
        ([3.0, 2.0, 2.5, 2.6, 1.0], 2, 3, 1),
        ([3.0, 2.0, 2.5, 1.0, 1.5], 2, None, 3),
        ([1.0, 1.0 - 1e-7], 1, 1, 0),  # too little to count
        ([float("nan"), 1.0], 1, 0, None),
    ],
)
def test_by_hand(losses: list[float], patience: int, ends: int | None, kept: int | None) -> None:
    now = -1
    stopping = EarlyStopping(patience, lambda: now)
    found = None
    for now, loss in enumerate(losses):
        if stopping.stops(loss):
            found = now
            break
    assert (found, stopping.state) == (ends, kept)
