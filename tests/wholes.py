"""Contexts whose pool is a part of a whole, as a session with a graph makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.seeds import id_hashes
from querist.core.signals import Context, Signal, View
from querist.core.whole import Whole
from querist.testing.pools import take

__all__ = ["within"]


def within(
    signals: Mapping[Signal, Any],
    pool: Sequence[int],
    labelled: Sequence[int] = (),
    pending: Sequence[int] = (),
    *,
    seed: int = 0,
    round: int = 0,
) -> Context:
    """A context over rows of ``signals``; those that are neither pool nor labelled nor pending are held out."""
    size = next(value.shape[0] for value in signals.values())
    hashes = id_hashes(size)

    def view(rows: NDArray[np.int64], role: str) -> View:
        return View(len(rows), {s: take(v, rows) for s, v in signals.items()}, role=role, check=check_signal)

    here, known, waiting = (np.array(rows, dtype=np.int64) for rows in (pool, labelled, pending))
    whole = Whole(View(size, dict(signals), role="whole", check=check_signal), here, known, waiting, hashes)
    return Context(
        view(here, "pool"),
        view(known, "labelled"),
        view(waiting, "pending"),
        hashes=hashes[here],
        whole=whole,
        seed=seed,
        round=round,
    )
