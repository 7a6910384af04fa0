"""Who is held out: test, validation and reference sets fixed by the seed and the ids, not by the order of the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.seeds import id_hashes, tie_keys
from querist.data.source import Source

__all__ = ["Splits", "split"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """Row numbers of each part, ascending.

    Args:
        pool: items that may be asked about.
        test: held out for testing.
        validation: held out for validation.
        reference: held out as the reference set.
    """

    pool: Rows
    test: Rows
    validation: Rows
    reference: Rows


def split(
    source: Source,
    seed: int,
    *,
    test: float | int = 0.2,
    validation: float | int = 0,
    reference: float | int = 0,
    stratify: Sequence[Any] | None = None,
) -> Splits:
    """Split the items of a source.

    Args:
        source: the items.
        seed: the root seed.
        test: share (below 1) or count held out for testing.
        validation: likewise for validation.
        reference: likewise for the reference set.
        stratify: (N,) labels whose shares the held-out parts keep, or None.

    Raises:
        ArgumentError: sizes that leave nothing for the pool (code ``BadSplit``).
    """
    sizes = [
        _size(value, len(source), name)
        for value, name in ((test, "test"), (validation, "validation"), (reference, "reference"))
    ]
    if sum(sizes) >= len(source):
        raise ArgumentError(
            f"test {sizes[0]}, validation {sizes[1]} and reference {sizes[2]} items leave nothing of "
            f"{len(source)} for the pool",
            code="BadSplit",
        )
    order = np.argsort(tie_keys(id_hashes(np.asarray(source.ids)), seed, "split"), kind="stable").astype(np.int64)
    if stratify is not None:
        order = _spread(order, stratify)
    a, b, c = np.cumsum(sizes)
    parts = (order[c:], order[:a], order[a:b], order[b:c])
    return Splits(*(np.sort(p) for p in parts))


def _size(value: float | int, n: int, name: str) -> int:
    if isinstance(value, bool) or value < 0 or (isinstance(value, float) and value >= 1):
        raise ArgumentError(f"{name} must be a share from 0 to below 1 or a count, got {value!r}", code="BadSplit")
    return round(value * n) if isinstance(value, float) else int(value)


def _spread(order: Rows, labels: Sequence[Any]) -> Rows:
    """The same items with the classes spread evenly, so that every prefix keeps their shares."""
    names = np.asarray([str(v) for v in labels])[order]
    place = np.empty(len(order))
    for name in np.unique(names):
        at = np.flatnonzero(names == name)
        place[at] = (np.arange(len(at)) + 0.5) / len(at)
    return order[np.argsort(place, kind="stable")]
