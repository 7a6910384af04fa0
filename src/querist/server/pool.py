"""Which items are free, beside the journal: a random one and the next validation item without counting or walking.

The journal says what is so. The pool follows its events, within the writer's transaction, and knows by the digest of the
last event that it saw whether that transaction was taken back; then it is made anew.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.data.item_store import ItemStore

__all__ = ["Pool", "RankedSet"]

_STREAM = "main"
_MANY = 2_000
"""So many items told about at once (an import of answers) are read faster with all the others."""
_KINDS = ("asked", "told", "returned", "undone", "imported")


class RankedSet:
    """Some of the numbers 0 to n - 1; the k-th is found, and one put in or out, in about log2(n) steps (Fenwick tree).

    Args:
        inside: (n,) bool.

    >>> some = RankedSet(np.array([True, False, True, True]))
    >>> some.discard(2)
    >>> len(some), some.nth(0), some.nth(1)
    (2, 0, 3)
    """

    def __init__(self, inside: NDArray[np.bool_]) -> None:
        self.inside = inside
        size = len(inside)
        sums = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(inside, dtype=np.int32)])
        places = np.arange(1, size + 1)
        self._tree = np.zeros(size + 1, dtype=np.int32)
        self._tree[1:] = sums[places] - sums[places - (places & -places)]
        self._count = int(sums[-1])
        self._top = 1 << max(size.bit_length() - 1, 0)

    def __len__(self) -> int:
        """How many are inside."""
        return self._count

    def nth(self, k: int) -> int:
        """The k-th number inside, from 0, in ascending order."""
        if not 0 <= k < self._count:
            raise IndexError(k)
        place, step, left, size = 0, self._top, k + 1, len(self.inside)
        while step:
            if place + step <= size and self._tree[place + step] < left:
                place += step
                left -= int(self._tree[place])
            step >>= 1
        return place

    def add(self, number: int) -> None:
        """Put a number in."""
        self._set(number, True)

    def discard(self, number: int) -> None:
        """Take a number out."""
        self._set(number, False)

    def _set(self, number: int, inside: bool) -> None:
        if bool(self.inside[number]) == inside:
            return
        self.inside[number] = inside
        change = 1 if inside else -1
        self._count += change
        place = number + 1
        while place < len(self._tree):
            self._tree[place] += change
            place += place & -place


class Pool:
    """The free items of a project.

    Args:
        items: contents. Rows that no event of the journal speaks of (an import that was cut short) are left out.

    Attributes:
        size: how many items the journal speaks of. reserved: place by validation item, in the order of asking.
    """

    def __init__(self, items: ItemStore) -> None:
        self._items = items
        self._seq, self._digest = 0, b""
        self.size = 0
        self.reserved: dict[str, int] = {}
        self._order: list[str] = []
        self._free = RankedSet(np.zeros(0, dtype=np.bool_))
        self._waiting: list[int] = []  # a heap of places of validation items that may be free
        self._busy: set[int] = set()  # places of validation items that are not
        self._held: set[str] = set()
        self._expected: dict[str, int] = {}

    def hold(self, item: str) -> None:
        """Take an item out before the journal says so; what becomes of it, the next `follow` reads there."""
        self._held.add(item)
        self._place(item, free=False)

    def expect(self, items: Mapping[str, int], connection: sqlite3.Connection) -> None:
        """Keep items out until an import has brought their answers; with none the wait for those that are left is over.

        Args:
            items: row numbers by id.
            connection: the journal, in a transaction.
        """
        before, self._expected = self._expected, dict(items)
        if self.follow(connection):
            return
        changed = before.keys() ^ self._expected.keys()
        if len(changed) > _MANY:
            self._make(connection)
        else:
            self._settle(connection, changed)

    def follow(self, connection: sqlite3.Connection) -> bool:
        """Come up to the end of the journal; whether all was read again for it."""
        row = connection.execute(
            "SELECT digest FROM event WHERE stream = ? AND seq = ?", (_STREAM, self._seq)
        ).fetchone()
        anew = row is None or row[0] != self._digest or not self._read_on(connection)
        if anew:
            self._make(connection)
        last = connection.execute(
            "SELECT seq, digest FROM event WHERE stream = ? ORDER BY seq DESC LIMIT 1", (_STREAM,)
        ).fetchone()
        self._seq, self._digest = last or (0, b"")
        return anew

    @property
    def free(self) -> int:
        """How many items are free that are not kept to measure with."""
        return len(self._free)

    def drawn(self, rng: np.random.Generator) -> str | None:
        """A free item that is not kept to measure with, each with the probability 1 / `free`."""
        if not len(self._free):
            return None
        (item,) = self._items.at([self._free.nth(int(rng.integers(len(self._free))))])
        return item.id

    def to_measure(self) -> str | None:
        """The first validation item, in the order of asking, that is free."""
        while self._waiting and self._waiting[0] in self._busy:
            heapq.heappop(self._waiting)
        return self._order[self._waiting[0]] if self._waiting else None

    def holds(self, item: str) -> bool:
        """Whether the item was taken out with `hold` since the last `follow`."""
        return item in self._held

    def offers(self, item: str) -> bool:
        """Whether the journal speaks of the item, it is not held or expected, and not kept to measure with."""
        if item in self.reserved or item in self._held or item in self._expected:
            return False
        rows = self._items.rows_of([item])
        return bool(rows) and rows[0] < self.size

    def _make(self, connection: sqlite3.Connection) -> None:
        self.size = 0
        self._held.clear()
        self.reserved, self._order = {}, []
        for (payload,) in connection.execute(
            "SELECT payload FROM event WHERE stream = ? AND kind IN ('created', 'imported') ORDER BY seq", (_STREAM,)
        ):
            self._more(json.loads(payload))
        inside = np.ones(self.size, dtype=np.bool_)
        taken = [
            row[0]
            for row in connection.execute("SELECT id FROM item WHERE stream = ? AND state <> 'unlabelled'", (_STREAM,))
        ]
        inside[[r for r in self._items.rows_of([*taken, *self._order]) if r < self.size]] = False
        inside[[r for r in self._expected.values() if r < self.size]] = False
        taken += [item for item in self._order if item in self._expected]
        self._free = RankedSet(inside)
        self._busy = {self.reserved[item] for item in taken if item in self.reserved}
        self._waiting = [place for place in range(len(self._order)) if place not in self._busy]

    def _more(self, payload: Mapping[str, Any]) -> None:
        """What `created` or `imported` adds."""
        made = payload.get("spec", {}).get("labelling", payload)
        self.size += int(payload["pool"]["items"] if "pool" in payload else payload["items"])
        for item in made.get("validation", ()):
            if item not in self.reserved:
                self.reserved[item] = len(self._order)
                self._order.append(item)

    def _read_on(self, connection: sqlite3.Connection) -> bool:
        """Take in what came since; False where it is faster, or needed, to read all again."""
        touched, self._held = self._held, set()
        rows = connection.execute(
            f"SELECT kind, payload FROM event WHERE stream = ? AND seq > ? AND kind IN ({', '.join('?' * len(_KINDS))})",
            (_STREAM, self._seq, *_KINDS),
        ).fetchall()
        for kind, text in rows:
            payload = json.loads(text)
            if kind == "imported":
                return False
            told = [a["item"] for a in payload["answers"]] if kind == "told" else []
            for item in told:
                self._expected.pop(item, None)
            touched.update(told if kind == "told" else payload["items"])
        if len(touched) > _MANY:
            return False
        self._settle(connection, touched)
        return True

    def _settle(self, connection: sqlite3.Connection, items: Iterable[str]) -> None:
        for item in items:
            row = connection.execute("SELECT state FROM item WHERE stream = ? AND id = ?", (_STREAM, item)).fetchone()
            self._place(item, free=item not in self._expected and (row is None or row[0] == "unlabelled"))

    def _place(self, item: str, *, free: bool) -> None:
        place = self.reserved.get(item)
        if place is None:
            for number in self._items.rows_of([item]):
                if number < self.size:
                    (self._free.add if free else self._free.discard)(number)
        elif free and place in self._busy:
            self._busy.discard(place)
            heapq.heappush(self._waiting, place)
        elif not free:
            self._busy.add(place)
