"""Signals of one model that were computed already: asked for again, they are taken and not computed.

One model is asked about the same items several times a round: the pool, what is left of it after answers, labelled items
for distances. A cache is kept item by item and lives as long as its model; it can be thrown away at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core import large
from querist.core.rows import Rows
from querist.core.signals import AUGMENTED, CRITIC, DISCRIMINATOR, LOSS, Signal
from querist.core.types import Array

__all__ = ["BY_BATCH", "SignalCache"]

KEPT_BYTES = 1 << 30
"""What is kept in memory at most; the oldest goes first. Memory-mapped arrays do not count."""
MAPPED_BYTES = 1 << 34
"""What is kept in files at most."""

BY_BATCH = frozenset({AUGMENTED, LOSS, DISCRIMINATOR, CRITIC})
"""Signals that may depend on the items asked about together, because augmentations and plug-ins may draw numbers item after
item: they are taken only when the very same items are asked about in the same order."""

Compute = Callable[[Array, frozenset[Signal]], Mapping[Signal, Any]]


@dataclass(eq=False)
class _Answer:
    """What was computed in one go for some rows."""

    rows: NDArray[np.int64]
    arrays: dict[Signal, Any] = field(default_factory=dict)
    _sorted: tuple[NDArray[np.int64], NDArray[np.int64] | None] | None = None

    def places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,) where each row stands among the answer's, -1 where it does not."""
        if self._sorted is None:
            rising = bool((self.rows[1:] > self.rows[:-1]).all())
            order = None if rising else np.argsort(self.rows, kind="stable")
            self._sorted = (self.rows if order is None else self.rows[order], order)
        inside, order = self._sorted
        at = np.minimum(np.searchsorted(inside, rows), len(inside) - 1)
        place = at if order is None else order[at]
        return np.where(inside[at] == rows, place, -1)


@dataclass(eq=False)
class _Known:
    """What is known of a signal of the rows asked about: pairs of an array with places in it, and what is missing."""

    missing: NDArray[np.bool_]
    pieces: list[tuple[Any, NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)

    def add(self, value: Any, place: NDArray[np.int64]) -> None:
        """Take what is missing from the places (N,) of an array; -1 is nowhere."""
        here = self.missing & (place >= 0)
        if here.any():
            at = np.flatnonzero(here)
            self.pieces.append((value, at, place[at]))
            self.missing = self.missing & ~here


class SignalCache:
    """Keeps what was computed, by rows of the source; one cache a fitted model.

    Arrays are handed out as they are kept, and callers do not write to them.
    """

    def __init__(self) -> None:
        self._kept: list[_Answer] = []

    def get(self, rows: Array, names: frozenset[Signal], compute: Compute) -> dict[Signal, Any]:
        """The named signals of some rows; only those of rows that are not kept are computed.

        Args:
            rows: (N,) rows of the source, each once.
            names: signals wanted.
            compute: gives the signals of rows. It is called once for all signals of one forward pass, and once for others
                of which the same rows are missing.
        """
        whole = next((answer for answer in self._kept if np.array_equal(answer.rows, rows)), None)
        if whole is None:
            whole = _Answer(np.array(rows, dtype=np.int64))
        fresh = names - whole.arrays.keys()
        known = self._known(whole.rows, fresh - BY_BATCH)
        for wanted, missing in _calls(fresh, known):
            if missing is None or missing.all():
                whole.arrays.update(compute(rows, wanted))
                continue
            said = compute(whole.rows[missing], wanted)
            self._kept.append(_Answer(whole.rows[missing], dict(said)))
            place = np.where(missing, np.cumsum(missing) - 1, -1)
            for name in wanted:
                known[name].add(said[name], place)
        if whole.arrays and whole not in self._kept:
            self._kept.append(whole)
        out = {n: whole.arrays[n] if n in whole.arrays else _gathered(known[n].pieces, len(rows)) for n in names}
        self._shrink()
        return out

    def _known(self, rows: NDArray[np.int64], names: frozenset[Signal]) -> dict[Signal, _Known]:
        """What other answers hold of the named signals; a signal of which they hold nothing is left out."""
        out: dict[Signal, _Known] = {}
        for answer in self._kept if len(rows) else ():
            held = [n for n in names & answer.arrays.keys() if n not in out or out[n].missing.any()]
            place = answer.places(rows) if held and len(answer.rows) else None
            if place is None or place.max() < 0:
                continue
            for name in held:
                out.setdefault(name, _Known(np.ones(len(rows), dtype=np.bool_))).add(answer.arrays[name], place)
        return out

    def _shrink(self) -> None:
        """Let the oldest answers go."""
        for mapped, limit in ((False, KEPT_BYTES), (True, MAPPED_BYTES)):
            while self._kept and sum(_bytes(answer.arrays, mapped) for answer in self._kept) > limit:
                self._kept.pop(0)


def _calls(
    fresh: frozenset[Signal], known: Mapping[Signal, _Known]
) -> list[tuple[frozenset[Signal], NDArray[np.bool_] | None]]:
    """Which signals to compute together, and the missing rows of each call; None for all rows."""
    if not known:
        return [(fresh, None)] if fresh else []
    lacking = {name: known[name].missing if name in known else None for name in sorted(fresh, key=str)}
    lacking = {name: missing for name, missing in lacking.items() if missing is None or missing.any()}
    cheap = {name: missing for name, missing in lacking.items() if name.cost == "1 F"}  # one pass gives them all
    some = [missing for missing in cheap.values() if missing is not None]
    lacking.update(dict.fromkeys(cheap, np.any(some, axis=0) if some and len(some) == len(cheap) else None))
    calls: dict[bytes | None, tuple[set[Signal], NDArray[np.bool_] | None]] = {}
    for name, missing in lacking.items():
        calls.setdefault(None if missing is None else missing.tobytes(), (set(), missing))[0].add(name)
    return [(frozenset(names), missing) for names, missing in calls.values()]


def _gathered(pieces: list[tuple[Any, NDArray[np.int64], NDArray[np.int64]]], count: int) -> Any:
    """One array (N, ...) of the pieces' places; in a file where it is large."""
    first = pieces[0][0]
    if isinstance(first, tuple):
        split = ([(value[k], at, place) for value, at, place in pieces] for k in range(len(first)))
        return tuple(_gathered(part, count) for part in split)
    width = first.dtype.itemsize * int(np.prod(first.shape[1:], dtype=np.int64))
    if count * width <= large.SPILL_BYTES:
        if len(pieces) == 1:
            return _taken(first, pieces[0][2])
        out = np.empty((count, *first.shape[1:]), dtype=first.dtype)
        for value, at, place in pieces:
            out[at] = _taken(value, place)
        return out
    filled, step = large.Filled(count, first.dtype), max((1 << 24) // max(width, 1), 1)
    for start in range(0, count, step):
        block = np.empty((min(step, count - start), *first.shape[1:]), dtype=first.dtype)
        for value, at, place in pieces:
            low, high = np.searchsorted(at, (start, start + step))
            block[at[low:high] - start] = _taken(value, place[low:high])
        filled.add(block)
    return filled.done()


def _taken(value: Any, rows: NDArray[np.int64]) -> Any:
    return Rows(value).take(rows) if isinstance(value, np.memmap) else value[rows]


def _bytes(arrays: Mapping[Signal, Any], mapped: bool) -> int:
    total = 0
    for value in arrays.values():
        for part in value if isinstance(value, tuple) else (value,):
            total += part.nbytes if isinstance(part, np.memmap) == mapped else 0
    return total
