"""What a path holds: format, modality, task, columns, classes; and what cannot be told, so that the command can ask.

Only the first 1,000 items are looked at, so that a file of any size is answered at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten_path
from querist.data.formats import read_records
from querist.data.formats.reading import Reading, Task
from querist.data.record import Record
from querist.server.guess_columns import Columns, guess_columns, table_rows
from querist.server.guess_format import guess_format
from querist.server.guess_task import TaskGuess, guess_task

__all__ = ["LOOKED_AT", "Guess", "Unknown", "guess"]

LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that has to be asked.

    Args:
        what: "task", "text", "label" or "classes".
        why: why it cannot be told, one sentence.
        choices: what it could be, best first; empty where anything could.
    """

    what: str
    why: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What a path holds.

    Args:
        path: the path.
        format: a name from `querist.data.formats.FORMATS`.
        modality: "text", "image" or "table"; None when it is not known.
        task: "single", "multi", "number" or "spans"; None when it is not known.
        text: column of the text, where the format has columns.
        id: column of the id; "" where ids are made from the content although there is such a column.
        label: column of the label.
        file: column of the image file.
        features: columns of the fields of a table.
        separator: what parts several classes in a cell.
        classes: those found, whole numbers in order of value, others by alphabet.
        low: smallest number found, for numbers.
        high: largest number found.
        looked_at: how many items were looked at.
        labelled: how many of them have a label.
        whole: whether these are all.
        columns: all columns found.
        unknown: what has to be asked.
        notes: sentences worth the user's eye.
    """

    path: Path
    format: str
    modality: str | None = None
    task: Task | None = None
    text: str | None = None
    id: str | None = None
    label: str | None = None
    file: str | None = None
    features: tuple[str, ...] = ()
    separator: str | None = None
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    looked_at: int = 0
    labelled: int = 0
    whole: bool = True
    columns: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The folder below which image files lie."""
        return self.path if self.path.is_dir() else self.path.parent

    def reading(self, bad: Callable[[int, str], None] | None = None) -> Reading:
        """How `querist.data.formats.read_records` is to read the path.

        Args:
            bad: called for each row that is left out; None refuses the file instead.
        """
        features = self.features if self.modality == "table" and self.features else None
        return Reading(self.text, self.id, self.label, self.file, features, self.task, self.separator, bad)


def guess(
    path: Path | str,
    *,
    text: str | None = None,
    id: str | None = None,
    label: str | None = None,
    task: Task | None = None,
    classes: Sequence[str] | None = None,
    bad: Callable[[int, str], None] | None = None,
    most_bytes: int | None = None,
) -> Guess:
    """Look at a file or folder.

    Args:
        path: a folder of images or of a Hugging Face dataset; a CSV, TSV, JSONL, Parquet, Label Studio, Prodigy, doccano
            or CoNLL file.
        text: column of the text, where it is known.
        id: column of the id, where it is known.
        label: column of the label, where it is known.
        task: what a label is, where it is known.
        classes: names of the classes, where they are known.
        bad: called for each bad row among those looked at; None refuses the file.
        most_bytes: largest file that is taken, or None.

    Raises:
        DataError: it cannot be read (code ``NoData``), is of no known format (``UnknownFormat``), is empty
            (``EmptyPool``), has no such column (``NoColumn``), has a bad row (``BadRow``).
    """
    path = Path(path)
    format = guess_format(path)
    given = Reading(text=text, id=id, label=label, task=task, bad=bad, most_bytes=most_bytes)
    if format in ("csv", "jsonl", "parquet", "datasets"):
        columns, rows, whole = table_rows(format, path, given, LOOKED_AT)
        found = guess_columns(columns, rows, given, path, classes)
        if not found.ours:
            return _of_table(path, format, found, rows, given, whole)
    return _of_records(path, format, given)


def _of_table(
    path: Path, format: str, found: Columns, rows: list[dict[str, Any]], given: Reading, whole: bool
) -> Guess:
    values = [row.get(found.label) for row in rows] if found.label else []
    task = guess_task(values, given.task, cells=format == "csv")
    return _finished(
        Guess(
            path,
            format,
            found.modality,
            None,
            found.text,
            found.id,
            found.label,
            found.file,
            found.features,
            columns=found.columns,
            looked_at=len(rows),
            whole=whole,
            unknown=tuple(Unknown(*u) for u in found.unknown),
            notes=found.notes,
        ),
        task,
    )


def _of_records(path: Path, format: str, given: Reading) -> Guess:
    records = read_records(format, path, given)
    first: list[Record] = list(islice(records, LOOKED_AT))
    whole = next(records, None) is None
    if not first:
        raise DataError(f"the pool has 0 items: {shorten_path(path)} has none that can be used", code="EmptyPool")
    kinds = {"text" if r.text is not None else "image" if r.file is not None else "table" for r in first}
    unknown: list[Unknown] = []
    if len(kinds) > 1:
        unknown.append(
            Unknown("text", f"items are of several kinds: {', '.join(sorted(kinds))}; make a file of each", ())
        )
    values = [a.get("value") for r in first for a in r.labels if a.get("kind") in ("label", "distribution")] + [
        s.get("value") for r in first for s in r.suggestions
    ]
    labelled = sum(1 for r in first if any(a.get("kind") in ("label", "distribution") for a in r.labels))
    kind = given.task or (
        "single" if format == "images" and values else None
    )  # folders are classes, named as they may be
    task = guess_task(values, kind, cells=False)
    modality = next(iter(kinds)) if len(kinds) == 1 else None
    features = tuple(dict.fromkeys(name for r in first for name in (r.fields or {}))) if modality == "table" else ()
    made = Guess(
        path,
        format,
        modality,
        features=features,
        looked_at=len(first),
        whole=whole,
        unknown=tuple(unknown),
    )
    return replace(_finished(made, task), labelled=labelled)


def _finished(made: Guess, task: TaskGuess) -> Guess:
    unknown = [*made.unknown, *(Unknown(*u) for u in task.unknown)]
    notes = [*made.notes, *task.notes]
    if not made.whole:
        notes.append(f"only the first {made.looked_at:,} items were looked at; classes that come later are added")
    return replace(
        made,
        task=task.task,
        separator=task.separator,
        classes=task.classes,
        low=task.low,
        high=task.high,
        labelled=task.labelled,
        unknown=tuple(unknown),
        notes=tuple(notes),
    )
