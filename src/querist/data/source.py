"""A source: the items with stable ids, taken by rows, and what was noticed when they were read."""

from __future__ import annotations

import hashlib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning, UnknownNameError, nearest, shorten
from querist.core.types import ItemId, Items, LabelValue
from querist.data.ids import Contents, content_ids, given_ids

__all__ = ["Noticed", "Source"]


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was noticed when the items were read.

    Args:
        duplicates: items whose content another item has too.
        quarantined: id and reason of items set aside because they cannot be read.
        skipped: line and reason of rows that were left out.
    """

    duplicates: int = 0
    quarantined: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[int, str], ...] = ()


class Source(ABC):
    """The items of a project, in a fixed order. Subclasses say how a batch is taken.

    Args:
        contents: a digest of each item's content.
        ids: given ids, or None for ids from the content.
        truth: labels that came with the data (for simulations), or None.
        name: what messages call it.
        modality: "array", "text", "image" or "table".
        noticed: what was noticed when reading; duplicates are counted here.
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
        if not contents:
            raise DataError(f"the pool has 0 items: {name} is empty", code="EmptyPool")
        if truth is not None and len(truth) != len(contents):
            raise DataError(f"{name}: {len(truth)} labels for {len(contents)} items", code="LengthMismatch")
        self.ids: Sequence[ItemId] = content_ids(contents) if ids is None else given_ids(ids, len(contents), name)
        self.truth = None if truth is None else list(truth)
        self.name, self.modality = name, modality
        self._contents = contents
        found = noticed or Noticed()
        duplicates = len(contents) - len(set(contents))
        self.noticed = Noticed(duplicates, found.quarantined, found.skipped)
        if duplicates:
            warnings.warn(
                f"{name}: {duplicates} of {len(contents)} items repeat the content of another; dedupe=True drops them",
                QueristWarning,
                stacklevel=4,
            )

    def __len__(self) -> int:
        """How many items."""
        return len(self.ids)

    @abstractmethod
    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """A batch: the items of ``rows``, in order."""

    @cached_property
    def digest(self) -> str:
        """Digest of all contents and ids, in order: which pool this is."""
        h = hashlib.blake2b(digest_size=16)
        h.update(b"".join(self._contents))
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
            UnknownNameError: an id that is not here (code ``UnknownItem``).
            ArgumentTypeError: a position where an id is needed (code ``NotAnId``).
        """
        if isinstance(items, Items) and items.all_ids is self.ids:
            return items.rows
        places = self._places
        try:
            return np.fromiter((places[i] for i in items), dtype=np.int64, count=len(items))
        except (KeyError, TypeError):
            raise self._unknown(items) from None

    def _unknown(self, items: Sequence[Any]) -> Exception:
        bad = next((i for i in items if not isinstance(i, str) or i not in self._places), None)
        if not isinstance(bad, str):
            return ArgumentTypeError(
                f"items are known by ids, not positions: got {type(bad).__name__} {shorten(bad)}; use "
                f"source.ids[{shorten(bad)}]",
                code="NotAnId",
            )
        near = nearest(bad, self.ids if len(self) <= 10_000 else self.ids[:10_000])
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return UnknownNameError(f"unknown item {shorten(bad)!r} in {self.name}{hint}", code="UnknownItem")


def kept_rows(contents: Contents, dedupe: bool) -> list[int]:
    """Rows that stay: all, or the first of each content."""
    if not dedupe:
        return list(range(len(contents)))
    seen: set[bytes] = set()
    return [row for row, content in enumerate(contents) if not (content in seen or seen.add(content))]  # type: ignore[func-returns-value]
