"""Rows of features that are not held in memory: read from their files, or made as they are asked for.

Both look like an array (N, D) of which some rows are taken. A memory-map would count every page that a round touches as
memory of the process, and rounds draw their candidates from everywhere: of a million rows half a gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.rows import Rows
from querist.core.types import Array

__all__ = ["FileRows", "MadeRows", "Some"]

Some: TypeAlias = "NDArray[np.int64] | slice"
_PIECE = 500


class FileRows:
    """Files of features one behind the other.

    Args:
        parts: memory-maps (n, D) of the files.
    """

    def __init__(self, parts: Sequence[Array]) -> None:
        self._parts = [Rows(part) for part in parts]
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (int(self._starts[-1]), int(parts[0].shape[1]))

    def __len__(self) -> int:
        """How many rows."""
        return self.shape[0]

    def __getitem__(self, some: Some) -> Array:
        """(n, D) some rows, as a copy."""
        rows = np.arange(len(self))[some] if isinstance(some, slice) else np.asarray(some, dtype=np.int64)
        if len(self._parts) == 1:
            return self._parts[0].take(rows)
        out = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(owner).tolist():
            mine = owner == number
            out[mine] = self._parts[number].take(rows[mine] - self._starts[number])
        return out


class MadeRows:
    """Features that an encoder makes of the rows that are asked for: a round need not wait until all are made.

    What was made is kept as long as there is room; it is the same as when all are made at once, for each row depends on
    its own content only.

    Args:
        make: rows of features of the items of some row numbers.
        count: N.
        beat: called after each piece.
        room: bytes that may be kept.
    """

    def __init__(
        self, make: Callable[[list[int]], Array], count: int, beat: Callable[[], Any], *, room: int = 64 << 20
    ) -> None:
        self._make, self._beat = make, beat
        first = make([0])
        self.shape = (count, int(first.shape[1]))
        self._kept = np.empty((min(count, max(room // (4 * self.shape[1]), 1)), self.shape[1]), dtype=np.float32)
        self._place = np.full(count, -1, dtype=np.int32)
        self._kept[0], self._place[0], self._used = first[0], 0, 1

    def __len__(self) -> int:
        """How many rows."""
        return self.shape[0]

    def __getitem__(self, some: Some) -> Array:
        """(n, D) some rows, as a copy."""
        rows = np.arange(len(self))[some] if isinstance(some, slice) else np.asarray(some, dtype=np.int64)
        place = self._place[rows]
        out = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        out[place >= 0] = self._kept[place[place >= 0]]
        missing = np.flatnonzero(place < 0)
        for start in range(0, len(missing), _PIECE):
            piece = missing[start : start + _PIECE]
            out[piece] = self._make(rows[piece].tolist())
            self._keep(rows[piece], out[piece])
            self._beat()
        return out

    def _keep(self, rows: NDArray[np.int64], made: Array) -> None:
        fits = min(len(self._kept) - self._used, len(rows))
        self._kept[self._used : self._used + fits] = made[:fits]
        self._place[rows[:fits]] = np.arange(self._used, self._used + fits)
        self._used += fits
