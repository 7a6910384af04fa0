"""Which records of a file a project can take: their kind, their answers, and the classes that they use."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

from querist.core.errors import DataError, QueristError, UnknownNameError, shorten
from querist.core.types import Json
from querist.data.record import Record
from querist.server.task import Task

__all__ = ["classes_in", "looked_at", "understood"]


def understood(
    records: Iterator[Record], modality: str, task: Task, bad: Callable[[int, str], None], *, new_classes: bool = False
) -> Iterator[Record]:
    """Those records that a project can take; of the others the place among the records, from 1, and the reason are told.

    Args:
        records: as they are read.
        modality: of the project.
        task: of the project.
        bad: called for each record that is left out.
        new_classes: classes that the project does not have are no reason.
    """
    current = task
    for place, record in enumerate(records, 1):
        try:
            current = _fits(record, "", modality, current, task, new_classes)
        except QueristError as error:
            bad(place, str(error))
        else:
            yield record


def classes_in(record: Record, task: Task) -> list[str]:
    """Names of the classes that the answers of a record use."""
    return [name for label in record.labels if label.get("counted", True) for name in _classes(label, task)]


def looked_at(
    records: Iterable[Record], modality: str, task: Task, name: str, new_classes: bool
) -> Generator[Record, None, list[str]]:
    """The records, each once it is checked; at the end it returns the classes that are new, in order of coming.

    Raises:
        UnknownNameError: a class that the project does not have (code ``UnknownLabel``).
        DataError: an answer of another kind (code ``BadRow``), an item of another kind (``OtherKind``).
    """
    current = task
    for place, record in enumerate(records, 1):
        current = _fits(record, f"{name}, record {place}: ", modality, current, task, new_classes)
        yield record
    return list(current.classes[len(task.classes) :])


def _fits(record: Record, where: str, modality: str, current: Task, task: Task, new_classes: bool) -> Task:
    """The task with the classes that this record adds, where it may.

    Raises:
        QueristError: the project cannot take the record; see `looked_at`.
    """
    kind = "text" if record.text is not None else "image" if record.file is not None else "table"
    if kind != modality:
        raise DataError(
            f"{where}it is of the kind {kind}, and this project is of the kind {modality}; import it into a project of "
            "its own",
            code="OtherKind",
        )
    for label in record.labels:
        if not label.get("counted", True):
            continue
        if new_classes and task.kind != "number":
            unknown = [c for c in _classes(label, task) if c not in current.classes]
            if unknown:
                current = current.with_classes([*current.classes, *dict.fromkeys(unknown)])
        _check(current, label, record, where, task)
    return current


def _check(current: Task, label: Mapping[str, Json], record: Record, where: str, task: Task) -> None:
    kind = str(label.get("kind"))
    if kind == "verification":
        return  # kept; it says nothing of a class
    try:
        current.check(kind, label.get("value"), record.id or "?", record.text)
    except QueristError as error:
        missing = [name for name in _classes(label, task) if name not in current.classes]
        if isinstance(error, UnknownNameError) and missing:
            if not where:  # told in a list of rows, beside which classes can be added
                raise UnknownNameError(
                    f"the project has no class {shorten(repr(missing[0]), 60)}", code="UnknownLabel"
                ) from error
            raise UnknownNameError(
                f"{where}{error}; to add such classes: --new-classes", code="UnknownLabel"
            ) from error
        raise DataError(
            f"{where}{error}; the project asks for {task.kind}: {shorten(repr(label.get('value')), 60)} does not fit",
            code="BadRow",
        ) from error


def _classes(label: Mapping[str, Json], task: Task) -> list[str]:
    value: Any = label.get("value")
    if label.get("kind") not in ("label", "distribution"):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    if not isinstance(value, (list, tuple)):
        return []
    if task.kind == "spans":
        return [str(part[2]) for part in value if isinstance(part, (list, tuple)) and len(part) == 3]
    return [part for part in value if isinstance(part, str)]
