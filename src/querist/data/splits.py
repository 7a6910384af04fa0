"""Who is held out: test, validation and reference sets fixed by the seed and the ids, not by the order of the items."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, shorten
from querist.core.seeds import check_seed, id_hashes, tie_keys
from querist.data.source import Source

__all__ = ["Splits", "split"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Splits:
    """Row numbers of each part, ascending; together they are all rows, each once.

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

    Which part an item lands in depends on the seed, the ids and the sizes; a source in another order is split into the
    same sets. Changing the size of a part that comes later (test, validation, reference is the order) moves none that
    comes before.

    Args:
        source: the items.
        seed: the root seed.
        test: share (a decimal number below 1) or count (a whole number) held out for testing. A share above 0 holds
            out one item at least.
        validation: likewise for validation.
        reference: likewise for the reference set.
        stratify: (N,) labels whose shares the held-out parts keep, or None.

    Raises:
        ArgumentError: a size that makes no sense, or sizes that leave nothing for the pool (code ``BadSplit``).
        ArgumentTypeError: a size that is no number (code ``BadSplit``).
        DataError: another number of labels than of items (code ``LengthMismatch``).
    """
    seed = check_seed(seed)
    count = len(source)
    sizes = [
        _size(value, count, name)
        for value, name in ((test, "test"), (validation, "validation"), (reference, "reference"))
    ]
    if sum(sizes) >= count:
        raise ArgumentError(
            f"test {sizes[0]}, validation {sizes[1]} and reference {sizes[2]} items leave nothing of "
            f"{count} for the pool; hold fewer out",
            code="BadSplit",
        )
    if stratify is not None and len(stratify) != count:
        raise DataError(
            f"stratify has {len(stratify)} labels for {count} items; give one an item", code="LengthMismatch"
        )
    order = np.argsort(tie_keys(id_hashes(np.asarray(source.ids)), seed, "split"), kind="stable").astype(np.int64)
    if stratify is not None:
        order = _spread(order, stratify)
    a, b, c = np.cumsum(sizes)
    parts = (order[c:], order[:a], order[a:b], order[b:c])
    return Splits(*(np.sort(p) for p in parts))


def _size(value: float | int, count: int, name: str) -> int:
    wanted = f"{name} must be a share from 0 to below 1, or a count"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{wanted}; got {type(value).__name__} {shorten(value)}", code="BadSplit")
    if isinstance(value, numbers.Integral):
        if value < 0:
            raise ArgumentError(f"{wanted}; got {value}", code="BadSplit")
        return int(value)
    share = float(value)
    if not math.isfinite(share) or not 0 <= share < 1:
        hint = f"; write {int(share)} for a count" if math.isfinite(share) and share >= 1 else ""
        raise ArgumentError(f"{wanted}; got {share!r}{hint}", code="BadSplit")
    return max(1, round(share * count)) if share > 0 else 0


def _spread(order: Rows, labels: Sequence[Any]) -> Rows:
    """The same items with the classes spread evenly, so that every prefix keeps their shares."""
    names = np.asarray([str(v) for v in labels])[order]
    place = np.empty(len(order))
    for name in np.unique(names):
        at = np.flatnonzero(names == name)
        place[at] = (np.arange(len(at)) + 0.5) / len(at)
    return order[np.argsort(place, kind="stable")]
