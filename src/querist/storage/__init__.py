"""What survives: the journal in memory or in SQLite, artifacts by digest, backup, and the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.storage.artifacts import Artifacts
from querist.storage.memory import MemoryStore
from querist.storage.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["Artifacts", "MemoryStore", "SqliteStore", "register"]


def register(registry: Registry) -> None:
    """The door of this room: every store under its name."""
    registry.add("store", "memory", MemoryStore)
    registry.add("store", "sqlite", SqliteStore)
