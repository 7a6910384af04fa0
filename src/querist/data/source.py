"""A source: the items with stable ids, taken by rows, and what was noticed when they were read."""

from __future__ import annotations

import hashlib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import (
    ArgumentTypeError,
    DataError,
    QueristError,
    QueristWarning,
    UnknownNameError,
    nearest,
    shorten,
)
from querist.core.types import ItemId, Items, LabelValue
from querist.data.ids import ContentIds, Contents, copy_numbers, given_ids

__all__ = ["Kept", "Noticed", "Source", "row_numbers"]

_SEARCHED = 10_000
"""How many ids are looked through for the nearest one."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was noticed when the items were read.

    Args:
        duplicates: items that repeat the content of an earlier one under another id.
        dropped: copies that ``dedupe=True`` left out.
        quarantined: id and reason of items set aside because they cannot be read.
        skipped: line and reason of rows that ``skip_bad=True`` left out.
    """

    duplicates: int = 0
    dropped: int = 0
    quarantined: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of the items that were found: all of them, or the first of each content.

    Args:
        rows: (n,) rows that stay, or None for all.
        contents: (n, 16) their digests.
        ids: their ids, or None.
        truth: their labels, or None.
        noticed: with the number of dropped copies.
    """

    rows: NDArray[np.int64] | None
    contents: Contents
    ids: Sequence[Any] | None
    truth: Sequence[LabelValue] | None
    noticed: Noticed

    @classmethod
    def of(
        cls,
        contents: Contents,
        dedupe: bool,
        *,
        ids: Sequence[Any] | None,
        truth: Sequence[LabelValue] | None,
        name: str,
        noticed: Noticed | None = None,
    ) -> Kept:
        """Decide what is kept.

        Raises:
            DataError: another number of ids or labels than of items (code ``LengthMismatch``), no items
                (``EmptyPool``).
        """
        found = noticed or Noticed()
        count = len(contents)
        _check_sizes(count, ids, truth, name, found)
        rows = np.flatnonzero(copy_numbers(contents) == 0) if dedupe else None
        if rows is None or len(rows) == count:
            return cls(None, contents, ids, truth, found)
        return cls(
            rows, contents[rows], _some(ids, rows), _some(truth, rows), replace(found, dropped=count - len(rows))
        )


class Source(ABC):
    """The items of a project, in a fixed order. Subclasses say how a batch is taken.

    Args:
        contents: (N, 16) a digest of each item's content.
        ids: given ids (texts or whole numbers), or None for ids from the content.
        truth: labels that came with the data (for simulations; None for an item whose label is missing), or None.
        name: what messages call it.
        modality: "array", "text", "image" or "table".
        noticed: what was noticed when reading; duplicates are counted here.

    Raises:
        DataError: no items (code ``EmptyPool``), other numbers of ids or labels (``LengthMismatch``), ids that are not
            fit (``BadId``, ``DuplicateId``).
    """

    def __init__(
        self,
        contents: Contents,
        *,
        ids: Sequence[Any] | None = None,
        truth: Sequence[LabelValue] | None = None,
        name: str = "the data",
        modality: str = "array",
        noticed: Noticed | None = None,
    ) -> None:
        found = noticed or Noticed()
        _check_sizes(len(contents), ids, truth, name, found)
        copies = copy_numbers(contents)
        duplicates = int(np.count_nonzero(copies))
        self.ids: Sequence[ItemId] = (
            ContentIds(contents, copies) if ids is None else given_ids(ids, len(contents), name)
        )
        self.truth: list[LabelValue] | None = None if truth is None else list(truth)
        self.name, self.modality = name, modality
        self.noticed = replace(found, duplicates=duplicates)
        self._contents = contents
        if duplicates:
            warnings.warn(
                f"{name}: {duplicates} of {len(contents)} items repeat the content of another; dedupe=True drops them",
                QueristWarning,
                stacklevel=4,
            )

    def __len__(self) -> int:
        """How many items."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Kind, name and size."""
        return f"<{type(self).__name__} {self.name!r}: {len(self):,} items, {self.modality}>"

    @abstractmethod
    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """A batch: the items of ``rows``, in order."""

    @cached_property
    def digest(self) -> str:
        """Digest of all contents and ids, in order: which pool this is."""
        h = hashlib.blake2b(digest_size=16)
        h.update(self._contents.tobytes())
        h.update("\x1f".join(self.ids).encode("utf-8", "surrogatepass"))
        return h.hexdigest()

    def items(self, rows: NDArray[np.int64] | None = None) -> Items:
        """The items of ``rows``, or all."""
        return Items(self.ids, np.arange(len(self), dtype=np.int64) if rows is None else rows)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.ids)}

    def rows_of(self, items: Sequence[ItemId]) -> NDArray[np.int64]:
        """The rows of items: (n,) int64; free for `Items` of this source.

        Raises:
            UnknownNameError: an id that is not here (code ``UnknownItem``, with the nearest one).
            ArgumentTypeError: a position where an id is needed (code ``NotAnId``).
        """
        if isinstance(items, Items) and items.all_ids is self.ids:
            return items.rows
        wanted = list(items) if not isinstance(items, str) else items
        places = self._places
        try:
            if isinstance(wanted, str):
                raise KeyError(wanted)
            return np.fromiter((places[i] for i in wanted), dtype=np.int64, count=len(wanted))
        except (KeyError, TypeError):
            raise self._unknown(wanted) from None

    def _unknown(self, items: Sequence[Any]) -> QueristError:
        if isinstance(items, str):
            return ArgumentTypeError(f"a list of ids is needed, got one text: [{shorten(items)!r}]", code="NotAnId")
        bad = next(i for i in items if not isinstance(i, str) or i not in self._places)
        if not isinstance(bad, str):
            whole = isinstance(bad, (int, np.integer)) and not isinstance(bad, bool)
            return ArgumentTypeError(
                f"items are known by ids, not positions: got {type(bad).__name__} {shorten(bad)}; "
                + (f"use source.ids[{int(bad)}]" if whole else f"an id looks like {self.ids[0]!r}"),
                code="NotAnId",
            )
        near = nearest(bad, self.ids[:_SEARCHED])
        hint = f"; did you mean {near[0]!r}?" if near else f"; ids look like {self.ids[0]!r}"
        return UnknownNameError(f"unknown item {shorten(bad)!r} in {self.name}{hint}", code="UnknownItem")


def row_numbers(rows: NDArray[np.int64] | slice, count: int) -> list[int]:
    """Row numbers as a list, for sources that fetch items one by one.

    Args:
        rows: (n,) row numbers, or a slice.
        count: items of the source.
    """
    return list(range(count))[rows] if isinstance(rows, slice) else np.asarray(rows).tolist()


def _check_sizes(
    count: int, ids: Sequence[Any] | None, truth: Sequence[LabelValue] | None, name: str, found: Noticed
) -> None:
    if count == 0:
        left = f" ({len(found.skipped)} bad rows were left out)" if found.skipped else ""
        raise DataError(f"the pool has 0 items: {name} is empty{left}", code="EmptyPool")
    for what, values in (("ids", ids), ("labels", truth)):
        if values is not None and len(values) != count:
            raise DataError(f"{name}: {len(values)} {what} for {count} items; give one an item", code="LengthMismatch")


def _some(values: Sequence[Any] | None, rows: NDArray[np.int64]) -> list[Any] | None:
    return None if values is None else [values[r] for r in rows.tolist()]
