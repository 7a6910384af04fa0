"""Files that are brought to a project while it is served: what of them it can take, and what would come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, QueristError, shorten, shorten_path
from querist.core.types import Json
from querist.data.formats import read_records
from querist.data.formats.reading import Reading
from querist.data.item_store import ItemStore
from querist.data.record import Record, content_id
from querist.server.bring import Gathered, Target, gather
from querist.server.fitting import classes_in, understood
from querist.server.guess import Guess, guess

__all__ = ["Checked", "LeftOut", "Read", "check_file", "read_file"]

_MOST_BYTES = 50 << 20
_LONGEST_TEXT = 1 << 20
_MOST_ROWS = 100
_MOST_CLASSES = 1_000


class LeftOut:
    """What of a file is not understood: how much, and the first hundred places with the reason of each.

    Args:
        path: of the file; its ending says what a place is called.
    """

    def __init__(self, path: Path) -> None:
        self._unit = "row" if path.suffix.lower() in (".parquet", ".json") else "line"
        self.count, self.told = 0, list[tuple[str, str]]()
        self._lines = 0

    def line(self, number: int, why: str) -> None:
        """A line that is none of the format."""
        self._lines += 1
        self._add(f"{self._unit} {number}", why)

    def record(self, place: int, why: str) -> None:
        """A record that the project cannot take; those that could not be read count too, so that it is found again."""
        self._add(f"record {place + self._lines}", why)

    def shown(self) -> dict[str, Any]:
        """As the routes say it."""
        return {"left_out": self.count, "rows": [{"at": at, "why": why} for at, why in self.told]}

    def _add(self, at: str, why: str) -> None:
        self.count += 1
        if len(self.told) < _MOST_ROWS:
            self.told.append((at, shorten(why, 300)))


@dataclass(frozen=True, slots=True)
class Read:
    """What an import found: what is in the items' file now, sentences worth the user's eye, and what was left out."""

    gathered: Gathered
    notes: tuple[str, ...]
    rows: LeftOut

    def shown(self) -> dict[str, Any]:
        """As another process is told."""
        return {"gathered": asdict(self.gathered), "notes": self.notes, **self.rows.shown()}


@dataclass(frozen=True, slots=True)
class Checked:
    """What an import would do: new and known items, answers, classes that the project does not have, and the rest."""

    items: int
    known: int
    answers: int
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    rows: LeftOut

    def shown(self) -> dict[str, Any]:
        """As the routes say it."""
        counts = {part: getattr(self, part) for part in ("items", "known", "answers", "classes", "notes")}
        return {**counts, **self.rows.shown()}


def read_file(
    target: Target,
    items: ItemStore,
    path: Path,
    name: str,
    keep: Callable[[list[dict[str, Json]]], None],
    *,
    skip_bad: bool = False,
    new_classes: bool = False,
) -> Read:
    """Put the items of a file into the items' file, all or none, and its answers to ``keep``; see `gather`.

    Args:
        target: the project.
        items: its items' file.
        path: the file.
        name: how the user calls it.
        keep: takes the answers, piece by piece.
        skip_bad: leave out what is not understood, and say so row by row; else the first such row refuses the file.
        new_classes: add classes that the project does not have.

    Raises:
        DataError: it cannot be read, or holds another kind of items (code ``OtherKind``).
        UnknownNameError: an answer names a class that the project does not have (code ``UnknownLabel``).
    """
    rows = LeftOut(path)

    with _called(path, name):
        found = _found(target, path, name, skip_bad)
        records = read_records(found.format, path, _reading(found, rows.line if skip_bad else None))
        if skip_bad:
            records = understood(records, target.modality, target.task, rows.record, new_classes=new_classes)
        gathered = gather(target, items, records, name, keep, new_classes=new_classes)
        return Read(gathered, tuple(found.notes), rows)


def check_file(target: Target, items: ItemStore, path: Path, name: str, *, new_classes: bool = False) -> Checked:
    """Read a file as `read_file` would, and take nothing.

    Raises:
        DataError: it cannot be read at all, or holds another kind of items (code ``OtherKind``).
    """
    with _called(path, name):
        return _checked(target, items, path, name, new_classes)


@contextmanager
def _called(path: Path, name: str) -> Iterator[None]:
    """Errors call the file as its sender does: where it lies meanwhile is nobody's business."""
    try:
        yield
    except QueristError as error:
        text = str(error)
        for shown in (str(path), shorten_path(path), path.name):
            text = text.replace(shown, name)
        raise type(error)(text, code=error.code) from error


def _checked(target: Target, items: ItemStore, path: Path, name: str, new_classes: bool) -> Checked:
    rows = LeftOut(path)
    found = _found(target, path, name, True)
    task = target.task
    fresh: dict[str, None] = {}

    def named(records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            if len(fresh) < _MOST_CLASSES:
                fresh.update(dict.fromkeys(c for c in classes_in(record, task) if c not in task.classes))
            yield record

    read = named(read_records(found.format, path, _reading(found, rows.line)))
    good = understood(read, target.modality, task, rows.record, new_classes=new_classes)
    seen: set[str] = set()
    new = known = answers = 0
    for record in good:
        id = content_id(record) if record.id is None else record.id
        there = id in seen or id in items
        new, known = new + (not there), known + there
        seen.add(id)
        answers += sum(1 for label in record.labels if label.get("counted", True))
    return Checked(new, known, answers, tuple(fresh), tuple(found.notes), rows)


def _found(target: Target, path: Path, name: str, lenient: bool) -> Guess:
    kind: Any = target.task.kind
    found = guess(path, task=kind, most_bytes=_MOST_BYTES, bad=(lambda line, why: None) if lenient else None)
    if found.modality is not None and found.modality != target.modality:
        raise DataError(
            f"{name} holds items of the kind {found.modality}, and this project is of the kind {target.modality}",
            code="OtherKind",
        )
    return found


def _reading(found: Guess, bad: Callable[[int, str], None] | None) -> Reading:
    return replace(found.reading(bad), most_bytes=_MOST_BYTES, longest=_LONGEST_TEXT)
