"""Items and answers of a file into a project: items that are new, answers to new and to known ones."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from querist.core.errors import QueristError
from querist.core.types import Event, Json
from querist.data.item_store import ItemStore
from querist.data.record import Record, content_id
from querist.server.changes import STREAM
from querist.server.fitting import looked_at
from querist.server.handout import validation_items
from querist.server.project import Project
from querist.server.task import Task
from querist.storage.transaction import Transaction

__all__ = ["Brought", "Gathered", "Target", "bring", "gather", "take_in"]

_PIECE = 100
_SIFTED = 10_000


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


@dataclass(frozen=True, slots=True)
class Target:
    """What an import must know of the project that it goes into; with the items' file it can be done in another process.

    Args:
        modality: text, image or table.
        task: what is asked, with the class list as it stands.
        seed: the root seed.
        share: the probability with which an item is kept to measure with.
        registered: how many items the journal speaks of.
    """

    modality: str
    task: Task
    seed: int
    share: float
    registered: int

    @classmethod
    def of(cls, project: Project) -> Self:
        """The target that a project is now."""

        def work(transaction: Transaction) -> tuple[Task, int]:
            project.desk.pool.follow(transaction.connection)
            return project.changes.task(transaction.connection), project.desk.pool.size

        task, registered = project.writer.submit(work).result()
        return cls(project.modality, task, project.seed, project.desk.share, registered)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is in the items' file now and not yet in the journal.

    Args:
        items: how many new items the import brought.
        registered: how many items the journal does not speak of; more, where an import before was killed in the midst.
        known: records of items that were there already.
        history: answers that the file marks as not counted, left out.
        validation: which of the new items are kept to measure with.
        classes: to be added.
        flagged: items to be marked, each with its note.
    """

    items: int
    registered: int
    known: int
    history: int
    validation: list[str]
    classes: list[str]
    flagged: list[tuple[str, str | None]]


def bring(
    project: Project,
    records: Iterable[Record],
    name: str,
    *,
    new_classes: bool = False,
    person: str = "import",
) -> Brought:
    """Take items and answers in; a fault in any of them refuses all.

    An item whose id is known stays as it is, and its answers are added; the last answer is the one that stands. The same
    file again changes nothing; after a kill in the midst it brings what is missing.

    Args:
        project: open for writing.
        records: what is to be taken in; read once.
        name: where they come from.
        new_classes: add classes that the project does not have; else they refuse the import.
        person: who flags, and who answers where the file names nobody.

    Raises:
        UnknownNameError: a class that the project does not have (code ``UnknownLabel``).
        DataError: an answer of another kind than the project asks for (code ``BadRow``), items of another kind
            (``OtherKind``). Nothing was taken then.
    """
    pieces: list[list[dict[str, Json]]] = []
    with project.importing:
        target = Target.of(project)
        found = gather(target, project.items, records, name, pieces.append, new_classes=new_classes, person=person)
        return take_in(project, found, lambda: pieces, name, person=person)


def gather(
    target: Target,
    items: ItemStore,
    records: Iterable[Record],
    name: str,
    keep: Callable[[list[dict[str, Json]]], None],
    *,
    new_classes: bool = False,
    person: str = "import",
) -> Gathered:
    """The first half of `bring`: the answers go to ``keep``, piece by piece, and the items into their file, all or none.

    Items that an import left there which was killed before its second half are registered now.
    """
    piece: list[dict[str, Json]] = []
    labelled: set[str] = set()
    flagged: list[tuple[str, str | None]] = []
    added: list[str] = []
    history = 0

    def checked() -> Iterator[Record]:
        nonlocal added
        added = yield from looked_at(records, target.modality, target.task, name, new_classes)

    def watched() -> Iterator[Record]:
        nonlocal piece, history
        for record in checked():
            id = content_id(record) if record.id is None else record.id
            for label in record.labels:
                if label.get("counted", True):
                    piece.append({"annotator": person, **label, "item": id})
                    labelled.add(id)
                else:
                    history += 1
            if record.flag:
                flagged.append((id, record.flag_note))
            if len(piece) >= _PIECE:
                keep(piece)
                piece = []
            yield record
        if piece:
            keep(piece)

    left = [item.id for item in items.at(range(target.registered, len(items)))]
    fresh, waiting = left, set(left)
    reserved: list[str] = []
    new_here = known = 0
    registered = len(left)

    def sift() -> None:  # each item has a key of its own, so that pieces give what the whole would
        reserved.extend(validation_items(fresh, target.seed, target.share))
        fresh.clear()

    def each(id: str, record: Record, new: bool) -> None:
        nonlocal new_here, known, registered
        if new:
            registered += 1
            fresh.append(id)
            if len(fresh) >= _SIFTED:
                sift()
        if new or id in waiting:
            waiting.discard(id)
            new_here += 1
        else:
            known += 1

    items.add(watched(), name, known="skip", each=each)
    sift()
    kept = [i for i in validation_items(reserved, target.seed, target.share) if i not in labelled]
    return Gathered(new_here, registered, known, history, kept, added, flagged)


def take_in(
    project: Project,
    found: Gathered,
    pieces: Callable[[], Iterable[list[dict[str, Json]]]],
    name: str,
    *,
    person: str = "import",
) -> Brought:
    """The second half of `bring`: the journal speaks of the items, and holds the answers and flags.

    Nobody is asked about an item whose answer is on its way.

    Args:
        project: open for writing.
        found: what the first half found.
        pieces: gives the answers, piece by piece; called twice.
        name: where they come from.
        person: who flags.
    """
    pool = project.desk.pool

    def begin(transaction: Transaction) -> None:
        there = project.changes.task(transaction.connection).classes
        fresh = [c for c in found.classes if c not in there]
        transaction.append(STREAM, [Event("class_added", {"class": c, "user": person}) for c in fresh])
        imported = {"items": found.registered, "name": name, "validation": found.validation}
        transaction.append(STREAM, [Event("imported", imported)])
        pool.expect(answered, transaction.connection)

    answered = project.items.places(list({str(answer["item"]) for piece in pieces() for answer in piece}))
    told = taken = 0
    try:
        project.writer.submit(begin).result()
        for piece in pieces():  # a piece a commit: nobody who labels meanwhile waits for all of them
            told += len(piece)
            taken += project.writer.submit(partial(_tell, piece)).result()
    finally:
        with contextlib.suppress(QueristError):  # a project that is being closed hands nothing out
            project.writer.submit(lambda transaction: pool.expect({}, transaction.connection)).result()
    flags = project.writer.submit(partial(_flag, found.flagged, person)).result() if found.flagged else 0
    return Brought(found.items, found.known, taken, told - taken, found.history, flags, tuple(found.classes))


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
