"""Changes to a project while people label: its classes and its settings, each one piece of work in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from querist.core.errors import ArgumentError, UnknownNameError, shorten
from querist.core.types import Event, Json
from querist.server.keys import action_keys, refuse_clashes
from querist.server.settings import Settings
from querist.server.task import Task
from querist.storage.transaction import Transaction

__all__ = ["STREAM", "Changes", "class_keys"]

STREAM = "main"
"""The journal's stream of a project."""
_KEYS = frozenset({"class_keys", "keys", "profile"})


class Changes:
    """The class list and the settings as they stand, and how they change.

    Args:
        task: what the project was made for; its class list is read from the journal at each call.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._last = task

    def task(self, connection: sqlite3.Connection) -> Task:
        """What is asked now, with the class list as it stands."""
        if self._task.kind == "number":
            return self._task
        rows = connection.execute("SELECT name FROM class WHERE stream = ? ORDER BY place", (STREAM,)).fetchall()
        names = tuple(row[0] for row in rows)
        if names != self._last.classes:  # checking the names at each answer would take as long as there are classes
            self._last = self._task.with_classes(names)
        return self._last

    def settings(self, connection: sqlite3.Connection) -> Settings:
        """The live settings."""
        return Settings.read(connection, STREAM)

    def configure(self, work: Transaction, person: str, changes: Mapping[str, Json]) -> Settings:
        """Change settings; all or none.

        Raises:
            ArgumentError: a value that cannot be used, such as a class's key that an action has (code ``BadSetting``).
            UnknownNameError: no such setting, or a key for a class that is not there (code ``UnknownLabel``).
        """
        settings = self.settings(work.connection).with_changes(changes)
        if _KEYS & changes.keys():
            task = self.task(work.connection)
            named = settings.class_keys if "class_keys" in changes else class_keys(settings, task)
            for name in named:
                _known(task, name)
            refuse_clashes(named, action_keys(settings.profile, settings.keys, task.kind), task.kind)
        kept = {name: value for name, value in settings.to_json().items() if name in changes}
        if kept:
            work.append(STREAM, [Event("configured", kept)])
        return settings

    def add_class(self, work: Transaction, person: str, name: str) -> Task:
        """One more class at the end."""
        task = self.task(work.connection)
        changed = task.with_classes([*_classes(task), name])
        work.append(STREAM, [Event("class_added", {"class": changed.classes[-1], "user": person})])
        return changed

    def rename_class(self, work: Transaction, person: str, name: str, to: str) -> Task:
        """Another name for a class; answers given under the old one say the new one."""
        task = self.task(work.connection)
        place = task.classes.index(_known(task, name))
        changed = task.with_classes([to if c == name else c for c in task.classes])
        renamed = {"class": name, "to": changed.classes[place], "user": person}
        if renamed["to"] != name:
            work.append(STREAM, [Event("class_renamed", renamed), *self._keys_follow(work, name, renamed["to"])])
        return changed

    def merge_class(self, work: Transaction, person: str, name: str, into: str) -> Task:
        """Make one class part of another."""
        task = self.task(work.connection)
        if _known(task, name) == _known(task, into):
            raise ArgumentError(f"class {name!r} cannot be merged into itself", code="BadLabel")
        merged = Event("class_merged", {"class": name, "into": into, "user": person})
        work.append(STREAM, [merged, *self._keys_follow(work, name, into)])
        return self.task(work.connection)

    def _keys_follow(self, work: Transaction, name: str, to: str) -> list[Event]:
        """The key of a class goes with it to its new name; a class that has a key of its own keeps that."""
        keys = dict(self.settings(work.connection).class_keys)
        if name not in keys:
            return []
        key = keys.pop(name)
        return [Event("configured", {"class_keys": {**keys, to: keys.get(to, key)}})]


def class_keys(settings: Settings, task: Task) -> dict[str, str]:
    """The keys that people gave to classes that are there."""
    return {name: key for name, key in settings.class_keys.items() if name in task.classes}


def _classes(task: Task) -> tuple[str, ...]:
    if task.kind == "number":
        raise ArgumentError("the task is a number: it has no classes", code="BadTask")
    return task.classes


def _known(task: Task, name: str) -> str:
    if name not in _classes(task):
        raise UnknownNameError(
            f"there is no class {shorten(repr(name))}; there are {shorten(', '.join(task.classes))}",
            code="UnknownLabel",
        )
    return name
