"""The ledger: which items are unlabelled, pending, labelled, skipped or rejected.

It is a fold over the journal: feed it the events in order and it is in the state that they describe. It keeps one byte
an item, and answers only for the items that have some.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import StateError, shorten
from querist.core.types import Answer, AnswerKind, Array, Event, ItemId, Items, Labels, LabelValue
from querist.data.renaming import rename_class

__all__ = ["Conflict", "ItemState", "Ledger"]

Conflict: TypeAlias = Literal["refuse", "latest", "first"]
"""What happens when an item gets a second, different label: refuse it, take the latest, or keep the first."""


class ItemState(IntEnum):
    """Where an item stands."""

    UNLABELLED = 0
    PENDING = 1
    LABELLED = 2
    SKIPPED = 3
    REJECTED = 4
    HELD = 5
    """held out (test, validation, reference): never asked about"""


class _Source(Protocol):
    ids: Sequence[ItemId]

    def __len__(self) -> int: ...
    def rows_of(self, items: Sequence[ItemId]) -> NDArray[np.int64]: ...


class _Schema(Protocol):
    def encode(self, value: LabelValue, item: str = ...) -> Array | float | int: ...
    def encode_distribution(self, shares: Mapping[str, float], item: str = ...) -> Array: ...
    def stack(self, encoded: Sequence[Array | float | int]) -> Array: ...


class Ledger:
    """State and answers of all items.

    Args:
        source: the items.
        held: (h,) rows that are never asked about.
        on_conflict: what to do with a second, different label.
    """

    def __init__(self, source: _Source, held: NDArray[np.int64] | None = None, *, on_conflict: Conflict = "refuse"):
        self.source = source
        self.on_conflict: Conflict = on_conflict
        self.states = np.zeros(len(source), dtype=np.int8)
        if held is not None:
            self.states[held] = ItemState.HELD
        self.cost = 0.0
        self._answers: dict[int, list[Answer]] = {}
        self._queries: dict[int, list[str | None]] = {}  # of each answer, the query that it came by
        self._labels: dict[int, Answer] = {}  # in order of first label
        self._encoded: dict[int, tuple[Answer, object, Array | float | int]] = {}

    def rows(self, state: ItemState) -> NDArray[np.int64]:
        """Rows in ``state``, ascending; labelled rows in order of their first label."""
        if state is ItemState.LABELLED:
            return np.fromiter(self._labels, dtype=np.int64, count=len(self._labels))
        return np.flatnonzero(self.states == state).astype(np.int64)

    def items(self, rows: NDArray[np.int64]) -> Items:
        """The items of ``rows``."""
        return Items(self.source.ids, rows)

    def count(self, state: ItemState) -> int:
        """How many items are in ``state``."""
        if state is ItemState.LABELLED:
            return len(self._labels)
        return int(np.count_nonzero(self.states == state))

    def answers(self, item: ItemId) -> tuple[Answer, ...]:
        """All answers about an item, oldest first."""
        (row,) = self.source.rows_of([item]).tolist()
        return tuple(self._answers.get(row, ()))

    def admit(self, answers: Iterable[Answer], schema: _Schema) -> list[Answer]:
        """The answers that are news, checked; nothing is changed.

        Exact repeats are dropped, so that a retried post counts once. An answer that comes late (its item was asked
        earlier, or never) is welcome.

        Raises:
            UnknownNameError: an item or a label that does not exist.
            StateError: a held-out item, or a different label for a labelled item under the policy "refuse" (code
                ``Conflict``).
        """
        told = list(answers)
        if not told:
            return []
        rows = self.source.rows_of([a.item for a in told]).tolist()
        fresh: list[Answer] = []
        seen: dict[int, Answer] = {}
        for row, answer in zip(rows, told, strict=True):
            if self.states[row] == ItemState.HELD:
                raise StateError(
                    f"item {answer.item!r} is held out for testing or validation and takes no answers", code="HeldOut"
                )
            if answer.kind is AnswerKind.LABEL:
                schema.encode(answer.value, item=answer.item)
            elif answer.kind is AnswerKind.DISTRIBUTION and isinstance(answer.value, Mapping):
                schema.encode_distribution(answer.value, item=answer.item)
            before = seen.get(row) or self._labels.get(row)
            if self._repeats(row, answer, before) or not self._wins(answer, before):
                continue
            if answer.kind in (AnswerKind.LABEL, AnswerKind.DISTRIBUTION):
                seen[row] = answer
            fresh.append(answer)
        return fresh

    def _repeats(self, row: int, answer: Answer, before: Answer | None) -> bool:
        def same(other: Answer) -> bool:
            return (other.kind, other.value, other.annotator) == (answer.kind, answer.value, answer.annotator)

        if before is not None and same(before):
            return True
        return any(same(a) for a in self._answers.get(row, ())[-1:])

    def _wins(self, answer: Answer, before: Answer | None) -> bool:
        """Whether the answer counts beside an earlier label."""
        if before is None or (before.kind, before.value) == (answer.kind, answer.value):
            return True
        if answer.kind is AnswerKind.SKIP or self.on_conflict == "first":
            return False  # a skip takes nothing back
        if self.on_conflict == "latest":
            return True
        raise StateError(
            f"item {answer.item!r} is already labelled {shorten(before.value)}, and now {shorten(answer.value)} came; "
            "the policy is 'refuse': correct the answer, or use on_conflict='latest' or 'first'",
            code="Conflict",
        )

    def apply(self, event: Event) -> None:
        """Take one event of the journal."""
        if event.kind == "asked":
            rows = self.source.rows_of(event.payload["items"])
            open_rows = rows[self.states[rows] == ItemState.UNLABELLED]
            self.states[open_rows] = ItemState.PENDING
        elif event.kind == "told":
            answers = [Answer.from_json(a) for a in event.payload["answers"]]
            rows = self.source.rows_of([a.item for a in answers])
            for row, answer in zip(rows.tolist(), answers, strict=True):
                self._take(row, answer, event.payload.get("query"))
        elif event.kind == "returned":
            rows = self.source.rows_of(event.payload["items"])
            self.states[rows[self.states[rows] == ItemState.PENDING]] = ItemState.UNLABELLED
        elif event.kind == "undone":
            for row in self.source.rows_of(event.payload["items"]).tolist():
                self._take_back(row, event.payload["query"])
        elif event.kind in ("class_renamed", "class_merged"):
            self._rename(event.payload["class"], event.payload.get("to") or event.payload["into"])

    def _take(self, row: int, answer: Answer, query: str | None) -> None:
        self.cost += answer.cost
        self._answers.setdefault(row, []).append(answer)
        self._queries.setdefault(row, []).append(query)
        self._settle(row, answer)

    def _settle(self, row: int, answer: Answer) -> None:
        """What one more answer makes of an item."""
        if answer.kind in (AnswerKind.LABEL, AnswerKind.DISTRIBUTION):
            self._labels[row] = answer
            self.states[row] = ItemState.LABELLED
        elif answer.kind is AnswerKind.SKIP and self.states[row] != ItemState.LABELLED:
            self.states[row] = ItemState.SKIPPED
        elif answer.kind is AnswerKind.REJECT:
            self._labels.pop(row, None)
            self.states[row] = ItemState.REJECTED

    def _take_back(self, row: int, query: str) -> None:
        """The answers of a query never were; what was paid for them is spent."""
        kept = [(a, q) for a, q in zip(self._answers.get(row, []), self._queries.get(row, [])) if q != query]
        self._answers[row] = [a for a, _ in kept]
        self._queries[row] = [q for _, q in kept]
        self._labels.pop(row, None)
        self.states[row] = ItemState.UNLABELLED
        for answer, _ in kept:
            self._settle(row, answer)

    def _rename(self, old: str, new: str) -> None:
        for row, answers in self._answers.items():
            self._answers[row] = [replace(a, value=rename_class(a.value, old, new)) for a in answers]
        for row, answer in self._labels.items():
            self._labels[row] = replace(answer, value=rename_class(answer.value, old, new))

    def labels(self, schema: _Schema) -> Labels:
        """What a learner is fitted on: items in order of their first label, targets encoded by the schema."""
        encoded = [self._encode(row, answer, schema) for row, answer in self._labels.items()]
        return Labels(
            items=self.items(self.rows(ItemState.LABELLED)),
            targets=schema.stack(encoded),
            weights=self._weights(),
            provenance=tuple(a.provenance for a in self._labels.values()),
        )

    def _weights(self) -> NDArray[np.float64] | None:
        """(L,) weights of the labels; None where all weigh alike."""
        weights = np.fromiter((a.weight for a in self._labels.values()), dtype=np.float64, count=len(self._labels))
        return None if (weights == 1.0).all() else weights

    def _encode(self, row: int, answer: Answer, schema: _Schema) -> Array | float | int:
        held = self._encoded.get(row)
        if held is not None and held[0] is answer and held[1] is schema:
            return held[2]
        if answer.kind is AnswerKind.DISTRIBUTION and isinstance(answer.value, Mapping):
            target = schema.encode_distribution(answer.value, item=answer.item)
        else:
            target = schema.encode(answer.value, item=answer.item)  # type: ignore[assignment]
        self._encoded[row] = (answer, schema, target)
        return target
