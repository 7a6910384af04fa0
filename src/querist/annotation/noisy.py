"""An annotator that is sometimes wrong, skips and rejects: each time the same way for the same item."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from querist.annotation.truth import Price, Truth, check_price, check_truth, price_of, true_label
from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.seeds import check_seed, id_hashes, tie_keys, uniform
from querist.core.types import Answer, ItemId, LabelValue, Provenance, Query

__all__ = ["Confusion", "NoisyAnnotator"]

Confusion = Mapping[str, Mapping[str, float]]
"""For each true class, the probability of each answer; a class left out is always answered rightly."""


class NoisyAnnotator:
    """Knows the truth and gets some of it wrong.

    What it says about an item depends on the seed, its name and the item's id alone: not on the order of questions, on
    the other items of a query, or on how often it is asked. Two of them with different names err independently.

    Args:
        truth: true class by item id, or a function of the id; None means no answer.
        classes: the class names, in order.
        rate: probability of a wrong answer, each wrong class being as likely as any other. Not together with
            ``confusion``; 0.1 when neither is given.
        confusion: for each true class, the probabilities of the answers; each row sums to 1.
        skip: probability of a skip instead of a label.
        reject: probability of a reject instead of a label; ``skip + reject`` is at most 1.
        seed: the only source of randomness.
        name: who the answers come from.
        cost: price of an answer, or a price per item; skips and rejects cost the same.

    Raises:
        ArgumentError: probabilities out of range (code ``BadRate``), classes that are no list of distinct names
            (``BadClasses``), or a confusion row that does not sum to 1 (``BadConfusion``).
        UnknownNameError: a confusion row or column that is no class (code ``UnknownLabel``).
    """

    def __init__(
        self,
        truth: Truth,
        classes: Sequence[str],
        *,
        rate: float | None = None,
        confusion: Confusion | None = None,
        skip: float = 0.0,
        reject: float = 0.0,
        seed: int = 0,
        name: str = "noisy",
        cost: Price = 1.0,
    ) -> None:
        check_truth(truth)
        self.truth = truth
        self.classes = _classes(classes)
        if rate is not None and confusion is not None:
            raise ArgumentError("give rate or confusion, not both", code="BadRate")
        self.rate = _probability(0.1 if rate is None else rate, "rate")
        self.confusion = None if confusion is None else {k: dict(row) for k, row in confusion.items()}
        self.skip, self.reject = _probability(skip, "skip"), _probability(reject, "reject")
        if self.skip + self.reject > 1 + 1e-9:
            raise ArgumentError(f"skip + reject must be at most 1, got {self.skip:g} + {self.reject:g}", code="BadRate")
        self.seed = check_seed(seed)
        self.name = name
        self.cost = check_price(cost)
        self._numbers = {label: number for number, label in enumerate(self.classes)}
        self._ladder = self._cumulated()

    def annotate(self, query: Query) -> Iterator[Answer]:
        """An answer for each item whose truth is known, in order.

        Raises:
            UnknownNameError: the truth does not know an item (code ``UnknownItem``), or its label is no class
                (code ``UnknownLabel``).
        """
        if not query.items:
            return
        hashes = id_hashes(list(query.items))
        aside = uniform(tie_keys(hashes, self.seed, f"annotator {self.name} aside")).tolist()
        choice = uniform(tie_keys(hashes, self.seed, f"annotator {self.name} label")).tolist()
        for item, u, v in zip(query.items, aside, choice, strict=True):
            truth = true_label(self.truth, item, self.name)
            if truth is None:
                continue
            number = self._number(item, truth)
            more = {
                "annotator": self.name,
                "cost": price_of(self.cost, item, self.name),
                "provenance": Provenance.SIMULATED,
            }
            if u < self.reject:
                yield Answer.reject(item, **more)
            elif u < self.reject + self.skip:
                yield Answer.skip(item, **more)
            else:
                said = int(np.searchsorted(self._ladder[number], v, side="right"))
                yield Answer.label(item, self.classes[said], **more)

    def __repr__(self) -> str:
        """The Python form, without the labels."""
        noise = f"rate={self.rate:g}" if self.confusion is None else "confusion=..."
        return f"NoisyAnnotator({len(self.classes)} classes, {noise}, seed={self.seed}, name={self.name!r})"

    def _number(self, item: ItemId, truth: LabelValue) -> int:
        if isinstance(truth, str) and truth in self._numbers:
            return self._numbers[truth]
        near = nearest(str(truth), self.classes)
        hint = f"did you mean {near[0]!r}?" if near else f"classes are: {', '.join(self.classes)}"
        raise UnknownNameError(
            f"the true label {shorten(truth)!r} of item {shorten(item)!r} is not among the classes; {hint}",
            code="UnknownLabel",
        )

    def _cumulated(self) -> NDArray[np.float64]:
        """(C, C) for each true class the upper ends of the answers' intervals; the last possible one is infinite."""
        c = len(self.classes)
        if self.confusion is not None:
            table = np.eye(c)
            for name, row in self.confusion.items():
                table[self._index(name)] = self._row(name, row)
        else:
            if c == 1 and self.rate > 0:
                raise ArgumentError(
                    f"with the one class {self.classes[0]!r} there is no wrong answer to give; use rate=0",
                    code="BadRate",
                )
            table = np.full((c, c), self.rate / max(c - 1, 1))
            np.fill_diagonal(table, 1.0 - self.rate)
        ladder = np.cumsum(table, axis=1)
        for shares, ends in zip(table, ladder, strict=True):
            ends[int(np.flatnonzero(shares)[-1]) :] = np.inf  # rounding must not open a gap above the last answer
        return ladder

    def _index(self, name: object) -> int:
        if isinstance(name, str) and name in self._numbers:
            return self._numbers[name]
        near = nearest(str(name), self.classes)
        hint = f"did you mean {near[0]!r}?" if near else f"classes are: {', '.join(self.classes)}"
        raise UnknownNameError(f"confusion names {shorten(name)!r}, which is no class; {hint}", code="UnknownLabel")

    def _row(self, name: str, row: Mapping[str, float]) -> NDArray[np.float64]:
        out = np.zeros(len(self.classes))
        for answer, share in row.items():
            out[self._index(answer)] = _probability(share, f"confusion[{name!r}][{answer!r}]")
        if abs(float(out.sum()) - 1.0) > 1e-6:
            raise ArgumentError(
                f"confusion[{name!r}] must sum to 1, and sums to {out.sum():g}; write the share of right answers too",
                code="BadConfusion",
            )
        return out


def _classes(classes: object) -> tuple[str, ...]:
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        raise ArgumentTypeError(f"classes must be a list of names, got {shorten(classes)}", code="BadClasses")
    names = tuple(classes)
    wrong = [c for c in names if not isinstance(c, str)]
    if not names or wrong or len(set(names)) != len(names):
        raise ArgumentError(
            f"classes must be distinct names (text), at least one; got {shorten(list(names))}", code="BadClasses"
        )
    return tuple(str(c) for c in names)


def _probability(value: object, name: str) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.number)):
        raise ArgumentTypeError(f"{name} must be a number, got {type(value).__name__} {shorten(value)}", code="BadRate")
    number = float(value)
    if not (math.isfinite(number) and 0 <= number <= 1):
        raise ArgumentError(f"{name} must be a probability from 0 to 1, got {value}", code="BadRate")
    return number
