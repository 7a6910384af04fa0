"""Items and answers of a file into a project: items that are new, answers to new and to known ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from querist.core.errors import DataError, QueristError, UnknownNameError, shorten
from querist.core.types import Event, Json
from querist.data.record import Record
from querist.server.changes import STREAM
from querist.server.handout import validation_items
from querist.server.project import Project
from querist.server.task import Task
from querist.storage.transaction import Transaction

__all__ = ["Brought", "bring", "classes_in", "understood"]

_PIECE = 500


@dataclass(frozen=True, slots=True)
class Brought:
    """What an import did.

    Args:
        items: new items.
        known: records of items that were there already.
        answers: answers taken.
        repeated: answers that were there already, word for word, and were left out.
        history: answers that the file marks as not counted, left out.
        flags: items marked.
        classes: classes added.
    """

    items: int
    known: int
    answers: int
    repeated: int
    history: int
    flags: int
    classes: tuple[str, ...]


def bring(
    project: Project,
    records: Callable[[], Iterator[Record]],
    name: str,
    *,
    new_classes: bool = False,
    person: str = "import",
) -> Brought:
    """Take items and answers in. Everything is looked at before anything is taken.

    An item whose id is known stays as it is, and its answers are added; the last answer is the one that stands. The same
    file again changes nothing; after a kill in the midst it brings what is missing.

    Args:
        project: open for writing.
        records: gives the records; called twice.
        name: where they come from.
        new_classes: add classes that the project does not have; else they refuse the import.
        person: who flags, and who answers where the file names nobody.

    Raises:
        UnknownNameError: a class that the project does not have (code ``UnknownLabel``).
        DataError: an answer of another kind than the project asks for (code ``BadRow``), items of another kind
            (``OtherKind``). Nothing was taken then.
    """
    task = project.writer.do(lambda work: project.changes.task(work.connection))
    added = _looked_at(records(), project, task, name, new_classes)
    told: list[dict[str, Json]] = []
    flagged: list[tuple[str, str | None]] = []
    fresh: list[str] = []
    counts = {"known": 0, "history": 0}

    def each(id: str, record: Record, new: bool) -> None:
        if new:
            fresh.append(id)
        else:
            counts["known"] += 1
        for label in record.labels:
            if label.get("counted", True):
                told.append({"annotator": person, **label, "item": id})
            else:
                counts["history"] += 1
        if record.flag:
            flagged.append((id, record.flag_note))

    items = project.items.add(records(), name, known="skip", each=each)
    labelled = {answer["item"] for answer in told}
    kept = [i for i in validation_items(fresh, project.seed, project.desk.share) if i not in labelled]

    def begin(transaction: Transaction) -> None:
        transaction.append(STREAM, [Event("class_added", {"class": c, "user": person}) for c in added])
        transaction.append(STREAM, [Event("imported", {"items": items, "name": name, "validation": kept})])
        project.desk.pool.follow(transaction.connection)

    project.writer.submit(begin).result()
    taken = 0
    for start in range(0, len(told), _PIECE):  # a piece a commit: nobody who labels meanwhile waits for all of them
        taken += project.writer.submit(partial(_tell, told[start : start + _PIECE])).result()
    flags = project.writer.submit(partial(_flag, flagged, person)).result() if flagged else 0
    return Brought(items, counts["known"], taken, len(told) - taken, counts["history"], flags, tuple(added))


def _tell(answers: Sequence[Mapping[str, Json]], transaction: Transaction) -> int:
    """Append those answers that are not there yet; how many."""
    there = _answers_there(transaction.connection, [str(a["item"]) for a in answers])
    new = [dict(a) for a in answers if _key(a) not in there]
    if new:
        transaction.append(STREAM, [Event("told", {"query": None, "answers": new})])
    return len(new)


def _flag(flagged: Sequence[tuple[str, str | None]], person: str, transaction: Transaction) -> int:
    """Mark those items that are not marked yet; how many."""
    marked = {row[0] for row in transaction.connection.execute("SELECT item FROM flag WHERE stream = ?", (STREAM,))}
    events = [
        Event("flagged", {"item": id, "flag": True, "note": note, "user": person})
        for id, note in flagged
        if id not in marked
    ]
    transaction.append(STREAM, events)
    return len(events)


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


def _looked_at(records: Iterator[Record], project: Project, task: Task, name: str, new_classes: bool) -> list[str]:
    """Check all answers; the classes that are new, in order of coming."""
    current = task
    for place, record in enumerate(records, 1):
        current = _fits(record, f"{name}, record {place}: ", project.modality, current, task, new_classes)
    return list(current.classes[len(task.classes) :])


def _fits(record: Record, where: str, modality: str, current: Task, task: Task, new_classes: bool) -> Task:
    """The task with the classes that this record adds, where it may.

    Raises:
        QueristError: the project cannot take the record; see `bring`.
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


def _key(answer: Mapping[str, Json]) -> tuple[str, str, str, str]:
    value = answer.get("value")
    said = "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(answer["item"]), str(answer["kind"]), said, str(answer.get("annotator", "anonymous"))


def _answers_there(connection: Any, items: list[str]) -> set[tuple[str, str, str, str]]:
    rows = connection.execute(
        "SELECT item, kind, value, annotator FROM answer INDEXED BY answer_by_item "
        "WHERE stream = ? AND counted = 1 AND item IN (SELECT value FROM json_each(?))",
        (STREAM, json.dumps(items)),
    )
    return {
        (item, kind, "" if value is None else json.dumps(json.loads(value), ensure_ascii=False, sort_keys=True), person)
        for item, kind, value, person in rows
    }
