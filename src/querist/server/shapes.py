"""What the routes send back: the shapes of version 1 of the API, as OpenAPI shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "Answered",
    "BadRow",
    "Checked",
    "ClassOut",
    "EncoderOut",
    "Handed",
    "HandedOut",
    "Imported",
    "Item",
    "Link",
    "Listed",
    "ListedItem",
    "ModelOut",
    "Number",
    "OneItem",
    "ProblemOut",
    "Project",
    "Renewed",
    "Returned",
    "Seeded",
    "Strategy",
    "Trainer",
    "Undone",
    "User",
]


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProblemOut(_Out):
    """An error (application/problem+json)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None


class User(_Out):
    """Who is logged in."""

    user: str


class Link(_Out):
    """A fresh one-time link, for another browser or a program of the same person."""

    link: str
    seconds: float


class ClassOut(_Out):
    """One class; ``key`` is the one that people gave it, or null where the page chooses."""

    name: str
    key: str | None
    count: int


class Number(_Out):
    """Limits of a task that asks for numbers."""

    low: float | None
    high: float | None
    step: float | None


class EncoderOut(_Out):
    """What makes features of the items, and how far it is."""

    name: str
    done: int
    of: int


class Trainer(_Out):
    """What the trainer does."""

    state: Literal["starting", "idle", "busy", "paused", "off"]
    reason: str | None = None


class ModelOut(_Out):
    """The model that chooses now."""

    round: int
    labels: int
    at: float | None


class Project(_Out):
    """Everything the page needs to begin; ``id`` is this project's alone, also where another has its name.

    ``renames`` are the renames and merges of classes so far: old name and new name, oldest first.
    """

    id: str
    name: str
    task: Literal["single", "multi", "number", "spans"]
    modality: Literal["text", "image", "table"]
    classes: list[ClassOut]
    renames: list[tuple[str, str]]
    number: Number | None
    guideline: str
    settings: dict[str, Any]
    items: int
    labelled: int
    skipped: int
    rejected: int
    flagged: int
    encoder: EncoderOut
    trainer: Trainer
    model: ModelOut | None
    version: str


class Item(_Out):
    """What is shown of one item."""

    id: str
    text: str | None
    image: str | None
    width: int | None
    height: int | None
    fields: dict[str, Any] | None


class Handed(_Out):
    """One item handed out."""

    query: str
    fence: int
    item: Item
    role: str
    reason: str
    score: float | None
    until: float
    suggestion: list[tuple[str, float | None]] | None
    previous: dict[str, Any] | None
    flag: bool


class HandedOut(_Out):
    """Items handed out together."""

    items: list[Handed]
    left: int
    why: str | None


class Answered(_Out):
    """What became of an answer; one that came too late is kept and not counted, with the reason.

    ``query`` is the hand-out that it answers: another than it came with where it came late and the item was still free.
    """

    counted: bool
    seq: int | None = None
    item: str | None = None
    state: str | None = None
    labelled: int | None = None
    query: str | None = None
    why: str | None = None


class Undone(_Out):
    """The item whose answer was taken back, handed out again."""

    handed: Handed


class Returned(_Out):
    """How many hand-outs were given back."""

    count: int


class Renewed(_Out):
    """Until when hand-outs are kept now, in seconds since the epoch, and which were gone already."""

    until: float
    lost: list[str]


class Seeded(_Out):
    """How many items come first now."""

    items: int


class BadRow(_Out):
    """A place of a file, and why it is not understood."""

    at: str
    why: str


class Imported(_Out):
    """What became of an import: new items, items that were known, answers taken, answers that were there already,
    answers of the history left out, items marked, classes added, sentences worth reading, and how many rows were left
    out with the first hundred of them.
    """

    items: int
    known: int
    answers: int
    repeated: int
    history: int
    flags: int
    classes: list[str]
    notes: list[str]
    left_out: int
    rows: list[BadRow]


class Checked(_Out):
    """What an import would bring; ``classes`` are those that the project does not have."""

    items: int
    known: int
    answers: int
    classes: list[str]
    notes: list[str]
    left_out: int
    rows: list[BadRow]


class Strategy(_Out):
    """A strategy that can be set."""

    name: str
    about: str = ""


class ListedItem(Item):
    """One item of a list."""

    state: str
    value: Any
    by: str | None
    at: float | str | None
    guess: tuple[str, float | None] | None
    flag: bool


class Listed(_Out):
    """A page of items."""

    items: list[ListedItem]
    next: str | None


class OneItem(ListedItem):
    """One item with all that was done to it."""

    history: list[dict[str, Any]]
