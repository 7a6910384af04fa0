"""Names to factories, with one door for our own parts and for plug-ins.

A door is a function ``register(registry)``. Each room of querist has one; an installed package opens its own through
the entry point group ``querist.plugins``. Our rooms' doors are opened when a kind is first asked for; entry points are
scanned only when a name is not found, or when everything is listed.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from querist.core.errors import ArgumentError, UnknownNameError, nearest

__all__ = ["Entry", "Registry", "registry", "snake"]

ENTRY_POINTS = "querist.plugins"

# One line a kind: the room whose ``register`` fills it.
DOORS: dict[str, str] = {
    "score": "querist.strategies",
    "selector": "querist.strategies",
    "filter": "querist.strategies",
    "strategy": "querist.strategies",
    "annotator": "querist.annotation",
    "stop_rule": "querist.session.rules",
    "store": "querist.storage",
    "learner": "querist.training",
    "plugin": "querist.training",
    "model": "querist.models",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered part.

    Args:
        name: snake_case text form.
        kind: one of the kinds of `DOORS`.
        factory: called with keyword parameters.
        origin: the module it comes from.
    """

    name: str
    kind: str
    factory: Callable[..., Any]
    origin: str


class Registry:
    """All registered parts, by kind and name."""

    def __init__(self, doors: dict[str, str] | None = None, entry_points: str | None = ENTRY_POINTS) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        self._doors = dict(DOORS if doors is None else doors)
        self._opened: set[str] = set()
        self._entry_points = entry_points
        self._scanned = False

    def add(self, kind: str, name: str, factory: Callable[..., Any], *, replace: bool = False) -> None:
        """Register ``factory`` under ``name``.

        Raises:
            ArgumentError: the name is taken (``DuplicateName``), or it is not snake_case (``BadName``).
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ArgumentError(f"the name of a part is snake_case, e.g. 'my_score'; got {name!r}", code="BadName")
        origin = getattr(factory, "__module__", "?")
        held = self._entries.get((kind, name))
        if held is not None and held.factory is not factory and not replace:
            raise ArgumentError(
                f"{kind} {name!r} of {origin} has the name of one of {held.origin}; choose another name",
                code="DuplicateName",
            )
        self._entries[kind, name] = Entry(name, kind, factory, origin)

    def find(self, name: str, *kinds: str) -> Entry:
        """The entry called ``name`` of one of ``kinds`` (all kinds when none is given).

        Raises:
            UnknownNameError: no such name; the three nearest are in the message (code ``UnknownStrategy`` for parts of
                strategies, ``UnknownName`` otherwise).
        """
        wanted = kinds or tuple(self._doors)
        for attempt in (False, True):
            if attempt and not self._scan():
                break
            for kind in wanted:
                self._open(kind)
                if (kind, name) in self._entries:
                    return self._entries[kind, name]
        known = [e.name for e in self._entries.values() if e.kind in wanted]
        near = nearest(name, known, 3)
        strategic = all(self._doors.get(k) == "querist.strategies" for k in wanted)
        what = "strategy" if strategic else wanted[0].replace("_", " ")
        few = f"known are: {', '.join(sorted(known))}" if len(known) <= 30 else f"{len(known)} names are known"
        hint = f"did you mean {', '.join(near)}?" if near else few
        raise UnknownNameError(
            f"unknown {what} {name!r}; {hint} (`querist strategies` lists all)"
            if strategic
            else f"unknown {what} {name!r}; {hint}",
            code="UnknownStrategy" if strategic else "UnknownName",
        )

    def entries(self, *kinds: str) -> list[Entry]:
        """All entries of ``kinds`` (of every kind when none is given), plug-ins included, sorted by kind and name."""
        for kind in kinds or tuple(self._doors):
            self._open(kind)
        self._scan()
        return sorted(
            (e for e in self._entries.values() if not kinds or e.kind in kinds), key=lambda e: (e.kind, e.name)
        )

    def __iter__(self) -> Iterator[Entry]:
        """All entries."""
        return iter(self.entries())

    def _open(self, kind: str) -> None:
        door = self._doors.get(kind)
        if door is None or door in self._opened:
            return
        self._opened.add(door)
        importlib.import_module(door).register(self)

    def _scan(self) -> bool:
        if self._scanned or self._entry_points is None:
            return False
        self._scanned = True
        from importlib.metadata import entry_points

        found = entry_points(group=self._entry_points)
        for point in found:
            point.load()(self)
        return bool(found)


registry = Registry()
"""The registry of this process."""


def snake(name: str) -> str:
    """CamelCase to snake_case.

    >>> snake("KCenter"), snake("KMeansPP"), snake("BatchBALD")
    ('k_center', 'k_means_pp', 'batch_bald')
    """
    step = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", step).lower()
