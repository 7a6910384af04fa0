"""Holds what clients were told against the journal: each answer that was acknowledged is there once, and no other is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from querist.core.types import Event
from querist.storage.sqlite_store import SqliteStore

__all__ = ["Acked", "events_of", "unlike"]


@dataclass(frozen=True)
class Acked:
    """One answer under one key, and the receipt that came back."""

    key: str
    item: str
    kind: str
    value: str | None
    receipt: dict[str, Any]

    @property
    def counted(self) -> bool:
        """Whether the server said that it counts."""
        return bool(self.receipt["counted"])


def events_of(project: Path) -> list[Event]:
    """The journal of a project that nobody writes now."""
    with SqliteStore(project / "journal.db", read_only=True) as store:
        return list(store.read("main"))


def unlike(events: Iterable[Event], acked: Sequence[Acked]) -> list[str]:
    """Where the answers of people in the journal are not those that were acknowledged, a line each.

    Args:
        events: the whole journal.
        acked: an entry for each key.
    """
    there = [event for event in events if event.kind in ("told", "late") and "user" in event.payload]
    told = {event.seq: event.payload["answers"][0] for event in there if event.kind == "told"}
    out: list[str] = []
    by_seq: dict[int, str] = {}
    for one in acked:
        if not one.counted:
            continue
        seq = int(one.receipt["seq"])
        if seq in by_seq:
            out.append(f"event {seq} was given to two keys, {by_seq[seq]} and {one.key}")
        by_seq[seq] = one.key
        answer = told.get(seq)
        said = None if answer is None else (answer["item"], answer["kind"], answer.get("value"))
        if said != (one.item, one.kind, one.value):
            out.append(f"lost: {one.kind} {one.value} of {one.item} as event {seq}, and the journal has {said} there")
    out += [f"doubled: event {seq} about {told[seq]['item']}; no key has it" for seq in told if seq not in by_seq]
    late, expected = len(there) - len(told), sum(not one.counted for one in acked)
    if late != expected:
        out.append(f"{late} answers that came late are kept, and {expected} were acknowledged so")
    if len({one.key for one in acked}) != len(acked):
        out.append("a key was acknowledged twice")
    return out
