"""The records that travel between the rooms: frozen, plain, with identities.

An item is known by its id (a string), never by its place. Row numbers exist only inside a source, a learner or a
selector; `Items` carries both, so that nobody has to look up a million ids.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten

__all__ = [
    "Answer",
    "AnswerKind",
    "Array",
    "Consensus",
    "Event",
    "FitReport",
    "ItemId",
    "Items",
    "Json",
    "LabelValue",
    "Labels",
    "Progress",
    "Provenance",
    "Query",
    "Round",
    "StopReason",
]

ItemId: TypeAlias = str
Array: TypeAlias = NDArray[Any]
Json: TypeAlias = Any
"""Anything the JSON format can hold."""
LabelValue: TypeAlias = str | float | Sequence[str] | Sequence[Sequence[object]] | Mapping[str, float] | bool | None
"""What an answer may say: a class name, several names, a number, spans, shares over class names, yes or no.

Spans of an item's tokens are triples (first token, token after the last, type); tags of tokens are names, one a token.
"""


class Items(Sequence[ItemId]):
    """Some items of a source, in order: a sequence of ids that remembers the rows.

    Args:
        all_ids: the ids of the whole source; kept, not copied.
        rows: (n,) int64 row numbers into it.
    """

    __slots__ = ("all_ids", "rows")

    def __init__(self, all_ids: Sequence[ItemId], rows: NDArray[np.int64]) -> None:
        self.all_ids = all_ids
        self.rows = rows

    def __len__(self) -> int:
        """How many items."""
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> ItemId: ...
    @overload
    def __getitem__(self, index: slice) -> Items: ...
    def __getitem__(self, index: int | slice) -> ItemId | Items:
        """The id at a place, or the items of a slice."""
        if isinstance(index, slice):
            return Items(self.all_ids, self.rows[index])
        return self.all_ids[int(self.rows[index])]

    def __iter__(self) -> Iterator[ItemId]:
        """The ids in order."""
        ids = self.all_ids
        return (ids[r] for r in self.rows.tolist())


class AnswerKind(StrEnum):
    """What an annotator can do with an item."""

    LABEL = "label"
    """a class name, several class names, or a number"""
    DISTRIBUTION = "distribution"
    """a soft label: shares over class names"""
    VERIFICATION = "verification"
    """yes or no to the model's guess"""
    SKIP = "skip"
    """not now, not by me: the item is set aside and not asked again"""
    REJECT = "reject"
    """this is not an item of this task"""


class Provenance(StrEnum):
    """Where an answer comes from; it is never lost, and training may weigh by it."""

    HUMAN = "human"
    SIMULATED = "simulated"
    PROGRAM = "program"
    CONSENSUS = "consensus"
    LANGUAGE_MODEL = "language_model"
    PSEUDO = "pseudo"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one annotator said about one item.

    Args:
        item: id of the item.
        kind: what kind of answer this is.
        value: class name, class names, number, spans or tags of tokens, mapping of class names to shares, or yes/no; None
            for skip and reject.
        annotator: who said it.
        cost: price of the answer, in the unit of the project.
        provenance: human, simulated, and so on.
        rationale: highlighted evidence, as JSON; stored as it is.
        at: when, ISO 8601 in UTC; None where time means nothing.
        weight: how much it weighs in training, above 0; below 1 for an answer that its giver doubts.
    """

    item: ItemId
    kind: AnswerKind
    value: LabelValue = None
    annotator: str = "anonymous"
    cost: float = 1.0
    provenance: Provenance = Provenance.HUMAN
    rationale: Json = None
    at: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a position where an id is needed."""
        if not isinstance(self.item, str):
            raise ArgumentTypeError(
                f"items are known by ids, not positions: got {type(self.item).__name__} {shorten(self.item)}; "
                "pass the id string, e.g. query.items[0]",
                code="NotAnId",
            )
        if isinstance(self.weight, bool) or not isinstance(self.weight, (int, float)) or not 0 < self.weight < math.inf:
            raise ArgumentError(
                f"item {shorten(self.item)!r}: the weight of an answer is a number above 0; got {shorten(self.weight)}",
                code="BadWeight",
            )
        if isinstance(self.value, (list, tuple)) and any(isinstance(part, tuple) for part in self.value):
            object.__setattr__(self, "value", [list(part) for part in self.value])  # spans as the journal reads them

    @classmethod
    def label(cls, item: ItemId, value: LabelValue, **more: Any) -> Answer:
        """The item has this label."""
        return cls(item, AnswerKind.LABEL, value, **more)

    @classmethod
    def distribution(cls, item: ItemId, shares: Mapping[str, float], **more: Any) -> Answer:
        """The item has these shares over classes (a soft label)."""
        return cls(item, AnswerKind.DISTRIBUTION, dict(shares), **more)

    @classmethod
    def skip(cls, item: ItemId, **more: Any) -> Answer:
        """No answer; the item is set aside."""
        return cls(item, AnswerKind.SKIP, None, **more)

    @classmethod
    def reject(cls, item: ItemId, **more: Any) -> Answer:
        """The item does not belong to the task."""
        return cls(item, AnswerKind.REJECT, None, **more)

    def to_json(self) -> dict[str, Json]:
        """A JSON object that `from_json` reads back; defaults are left out."""
        out: dict[str, Json] = {"item": self.item, "kind": str(self.kind)}
        if self.value is not None:
            out["value"] = self.value
        if self.annotator != "anonymous":
            out["annotator"] = self.annotator
        if self.cost != 1.0:
            out["cost"] = self.cost
        if self.provenance is not Provenance.HUMAN:
            out["provenance"] = str(self.provenance)
        if self.rationale is not None:
            out["rationale"] = self.rationale
        if self.at is not None:
            out["at"] = self.at
        if self.weight != 1.0:
            out["weight"] = self.weight
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Answer:
        """The answer that `to_json` wrote."""
        more = {k: data[k] for k in ("value", "annotator", "cost", "rationale", "at", "weight") if k in data}
        return cls(
            data["item"],
            AnswerKind(data["kind"]),
            provenance=Provenance(data.get("provenance", Provenance.HUMAN)),
            **more,
        )


@dataclass(frozen=True, slots=True)
class Query:
    """A batch of items handed out for answers.

    Args:
        id: unique in its session.
        turn: number of the ask, from 0.
        items: ids in order of choice.
        strategy: text form of the strategy that chose.
        scores: a number per item, higher = label me; NaN where the method has none.
        reasons: a short sentence per item.
        inclusion: inclusion probability per item where the strategy knows it, else None.
    """

    id: str
    turn: int
    items: tuple[ItemId, ...]
    strategy: str
    scores: tuple[float, ...] = ()
    reasons: tuple[str, ...] = ()
    inclusion: tuple[float, ...] | None = None

    def __len__(self) -> int:
        """How many items are asked about."""
        return len(self.items)

    def __iter__(self) -> Iterator[ItemId]:
        """The item ids, in order of choice."""
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a learner is fitted on.

    Args:
        items: (L,) the labelled items, in order of their first answer.
        targets: (L,) int64 class numbers, or (L, C) float64 shares (soft) or 0/1 (several classes), (L,) float64, or
            (L, T) int64 tag numbers of tokens, 0 beyond an item's last.
        weights: (L,) float64 sample weights, or None for all alike.
        provenance: where each label comes from, or empty.
    """

    items: Sequence[ItemId]
    targets: Array
    weights: NDArray[np.float64] | None = None
    provenance: tuple[Provenance, ...] = ()

    def __len__(self) -> int:
        """How many labelled items."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Consensus:
    """What several answers about one item amount to: itself a soft label.

    Args:
        item: id of the item.
        value: the agreed label.
        shares: probability of each class name; empty where it makes no sense.
        confidence: probability of ``value``.
        answers: how many answers it rests on.
    """

    item: ItemId
    value: LabelValue
    shares: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    answers: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal. The journal is the truth; everything else is a reading of it.

    Kinds and payloads:

    ``created``
        ``{"spec": {...}, "seed": int, "strategy": text, "schema": {...}, "pool": {"items": int, "digest": hex}}``
    ``asked``
        ``{"query": id, "turn": int, "items": [ids], "strategy": text, "scores": [..], "reasons": [..], "round": int,
        "model": digest or null, "arm": text or null, "inclusion": [..] or null, "seconds": {...}}``
    ``told``
        ``{"query": id or null, "answers": [Answer.to_json(), ...]}``
    ``fitted``
        ``{"round": int, "labels": int, "cost": float, "model": digest, "metrics": {...}, "agreement": float or null,
        "surprise": float or null, "notes": [..], "seconds": {...}}``
    ``class_added``
        ``{"class": name}``
    ``stopped``
        ``{"rule": text, "text": sentence}``

    Args:
        kind: one of the kinds above, or a plug-in's own.
        payload: a JSON object.
        seq: place in its stream, from 1; 0 until a store has given one.
        at: seconds since the epoch (UTC) when a store took it; 0.0 before. No decision rests on it.
    """

    kind: str
    payload: Mapping[str, Json]
    seq: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class FitReport:
    """What came of one fit.

    Args:
        round: number of the fit, from 0.
        labels: labels it was fitted on.
        model: digest of the weights ("" where the learner cannot tell).
        metrics: figures by name, e.g. ``{"accuracy": .93}``.
        seconds: wall time by part, e.g. ``{"fit": .4, "evaluate": .1}``.
        notes: sentences worth the user's eye (a class never seen, a batch merged ...).
    """

    round: int = 0
    labels: int = 0
    model: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One fitted round in the history that stop rules and bandits read.

    Args:
        round: number of the fit, from 0.
        labels: labels it was fitted on.
        cost: spent so far.
        metrics: figures by name.
        agreement: Cohen's kappa between this model's and the last model's predictions on the stop set, or None.
        strategy: text of the strategy of the query before this fit ("" for none).
        queried: ids answered since the fit before.
        asked: ids of the query before this fit in order of choice, answered or not.
        inclusion: the probability with which each of ``asked`` was drawn, or None where it is not known.
        arm: what a bandit played for that query, or None.
        surprise: share of those answers that the model before had guessed wrong, or None before the first fit.
        rejected: items thrown out by annotators since the fit before.
    """

    round: int
    labels: int
    cost: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    agreement: float | None = None
    strategy: str = ""
    queried: tuple[ItemId, ...] = ()
    asked: tuple[ItemId, ...] = ()
    inclusion: tuple[float, ...] | None = None
    arm: str | None = None
    surprise: float | None = None
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session stands: what stop rules read and people want to see.

    Args:
        items: items in the pool (labelled ones included).
        labels: labelled items.
        cost: spent so far.
        rounds: fits so far.
        turns: asks so far.
        available: items that may be asked about now.
        pending: items handed out and not answered.
        skipped: items set aside by annotators.
        rejected: items thrown out by annotators.
        history: one `Round` per fit.
        stopped: the last stop, if the session was stopped.
    """

    items: int
    labels: int
    cost: float
    rounds: int
    turns: int
    available: int
    pending: int
    skipped: int
    rejected: int
    history: tuple[Round, ...] = ()
    stopped: StopReason | None = None


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why asking stopped.

    Args:
        rule: text form of the rule, or ``"exhausted"`` when nothing was left to ask.
        text: one sentence for people.
    """

    rule: str
    text: str

    def __str__(self) -> str:
        """The sentence."""
        return self.text
