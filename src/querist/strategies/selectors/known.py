"""What is known already: labelled and pending items count alike for every rule about distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context, Signal

__all__ = ["known_points", "known_rows"]


def known_points(ctx: Context, signal: Signal, shifted: Callable[[Any], NDArray[np.float64]]) -> NDArray[np.float64]:
    """(L + M, D) points of labelled and pending items in the pool's coordinates; none when they are not given."""
    found = [shifted(view[signal]) for view in (ctx.labelled, ctx.pending) if len(view) and signal in view]
    if not found:
        return np.zeros((0, ctx.pool[signal].shape[1]))
    return np.concatenate(found)


def known_rows(
    x: NDArray[Any], known: NDArray[np.float64], keys: NDArray[np.uint64]
) -> tuple[NDArray[Any], NDArray[np.uint64]]:
    """The pool (N, D) with known points (M, D) behind it, and tie keys for all; the known ones come last in ties."""
    if not len(known):
        return x, keys
    last = np.iinfo(np.uint64).max - np.arange(len(known), dtype=np.uint64)
    return np.concatenate([np.asarray(x), known.astype(x.dtype)]), np.concatenate(
        [np.minimum(keys, last[-1] - 1), last]
    )
