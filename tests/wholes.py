"""Contexts whose pool is a part of a whole, as a session with a graph makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    **more: Any,
) -> Context:
    """A context over rows of ``signals``; those that are neither pool nor labelled nor pending are held out."""
    size = next(value.shape[0] for value in signals.values())
    rows = [np.array(part, dtype=np.int64) for part in (pool, labelled, pending)]
    hashes = id_hashes(size)
    views = [
        View(len(part), {s: take(v, part) for s, v in signals.items()}, role=role, check=check_signal)
        for part, role in zip(rows, ("pool", "labelled", "pending"), strict=True)
    ]
    whole = Whole(View(size, dict(signals), role="whole", check=check_signal), *rows, hashes)
    return Context(*views, hashes=hashes[rows[0]], whole=whole, **more)
