"""One-dimensional bisection per class, where only the places of labelled rows in the order are kept.

Rows stand in one line per class, the surest of the class first. A labelled row is on one side (it is of the class) or
the other. Between neighbours of different sides lies a boundary; its place is found by halving. Each pick costs what
the labelled rows cost, not the pool.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Line", "order_by_class"]


def order_by_class(own: NDArray[Any], most: NDArray[Any], keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """(N,) rows, surest of the class first: its own by falling p, then the others by rising margin to it.

    Args:
        own: (N,) probability of the class.
        most: (N,) largest probability.
        keys: (N,) tie keys.
    """
    away = np.subtract(most, own, dtype=np.float64)
    value = np.where(away > 0, away, -most.astype(np.float64))
    order = np.argsort(value)  # not stable, which is several times faster: equal ones are put in order below
    line = value[order]
    tied = np.zeros(len(line), dtype=bool)
    tied[1:] = line[1:] == line[:-1]
    tied[:-1] |= tied[1:]
    places = np.flatnonzero(tied)
    if len(places):
        rows = order[places]
        order[places] = rows[np.lexsort((rows, keys[rows], value[rows]))]
    return order.astype(np.int32)


class Line:
    """The order of all rows for one class, and what is known on it.

    Args:
        order: (N,) rows in order.
        rows: labelled rows.
        sides: for each of them whether it is of the class.
    """

    def __init__(self, order: NDArray[np.int32], rows: NDArray[np.int64], sides: NDArray[np.bool_]) -> None:
        self.order = order
        self.place = np.empty(len(order), dtype=np.int32)
        self.place[order] = np.arange(len(order), dtype=np.int32)
        places = self.place[rows].astype(np.int64)
        sort = np.argsort(places)
        self.places, self.sides = places[sort], sides[sort]
        self._new: list[tuple[int, bool]] = []

    def add(self, row: int, side: bool) -> None:
        """A row has been labelled, or is taken as if it were."""
        self._new.append((int(self.place[row]), side))

    def _settle(self) -> None:
        """Put what was added into its place, all at once: a line is asked more seldom than it is added to."""
        if not self._new:
            return
        places, sides = (np.array(column) for column in zip(*sorted(self._new), strict=True))
        at = np.searchsorted(self.places, places)
        self.places = np.insert(self.places, at, places)
        self.sides = np.insert(self.sides, at, sides)
        self._new.clear()

    def middle(self) -> tuple[int, int] | None:
        """Row in the middle of the shortest stretch between neighbours of different sides, and the stretch's length.

        Of equally short stretches the first; of two middle rows the first. None when no such stretch is left.
        """
        self._settle()
        gaps = np.diff(self.places) - 1
        gaps[(self.sides[1:] == self.sides[:-1]) | (gaps == 0)] = len(self.order) + 1
        if not len(gaps):
            return None
        best = int(gaps.argmin())
        if gaps[best] > len(self.order):
            return None
        return int(self.order[(self.places[best] + self.places[best + 1]) // 2]), int(gaps[best])

    def beside(self) -> tuple[int, int] | None:
        """Unlabelled row nearest to a place where the sides change from one labelled row to the next, and how far.

        None when the sides change nowhere, or all rows are labelled.
        """
        self._settle()
        changes = np.flatnonzero((self.sides[1:] != self.sides[:-1]) & (np.diff(self.places) == 1))
        if not len(changes) or len(self.places) == len(self.order):
            return None
        breaks = np.flatnonzero(np.diff(self.places) > 1)
        starts = np.concatenate([[0], breaks + 1])  # of runs of labelled rows without a gap
        ends = np.concatenate([breaks, [len(self.places) - 1]])
        run = np.searchsorted(starts, changes, side="right") - 1
        left, right = self.places[starts[run]] - 1, self.places[ends[run]] + 1
        far = len(self.order) + 1
        before = np.where(left >= 0, self.places[changes] - left, far)
        after = np.where(right < len(self.order), right - self.places[changes + 1], far)
        a, b = int(before.argmin()), int(after.argmin())
        if before[a] <= after[b]:
            return int(self.order[left[a]]), int(before[a])
        return int(self.order[right[b]]), int(after[b])

    def uncertain(self) -> tuple[int, int]:
        """First and last place of the region where a threshold may lie, whatever single labels are wrong.

        From the last row of the class before the first of another, to the first of another after the last of the class;
        where there are none, from the first place, to the last.
        """
        self._settle()
        others, own = np.flatnonzero(~self.sides), np.flatnonzero(self.sides)
        before = others[0] if len(others) else len(self.sides)
        after = own[-1] + 1 if len(own) else 0
        start = int(self.places[before - 1]) if before > 0 else 0
        stop = int(self.places[after]) if after < len(self.sides) else len(self.order) - 1
        return start, stop

    def threshold(self) -> int:
        """Place where rows of the class end with the fewest labelled rows on the wrong side; the first of equals."""
        self._settle()
        right = 2 * np.cumsum(np.where(self.sides, 1, -1))
        best = int(right.argmax()) if len(right) else 0
        return int(self.places[best]) + 1 if len(right) and right[best] > 0 else 0

    def around(self, place: int, free: NDArray[np.bool_], count: int) -> list[int]:
        """The ``count`` rows free to take nearest to a threshold, by turns before and behind it, before it first.

        Where one side is used up, the other goes on.
        """
        sides = (self.order[:place][::-1], self.order[place:])
        before, behind = ([int(row) for row in side[free[side]][:count]] for side in sides)
        out: list[int] = []
        for turn in range(count):
            out += before[turn : turn + 1] + behind[turn : turn + 1]
        return out[:count]
