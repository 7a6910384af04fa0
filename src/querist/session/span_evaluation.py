"""How good a tagger is on sentences that are held out: whole spans, right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, UnknownNameError, nearest
from querist.core.ports import Learner
from querist.data.spans import Spans
from querist.session.evaluation import Evaluation

__all__ = ["SPAN_METRICS", "Counts", "SpanEvaluation", "count_spans"]


@dataclass(frozen=True)
class Counts:
    """How many spans there are over all sentences.

    Args:
        right: found with the same first and last token and the same type.
        found: found by the tagger.
        true: in the truth.
    """

    right: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        """Right among found; 0 where none is found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Right among true; 0 where there is none."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing is to be found and nothing is found."""
        whole = self.found + self.true
        return 2 * self.right / whole if whole else 1.0


SPAN_METRICS: Mapping[str, Callable[[Counts], float]] = {
    "entity_f1": lambda counts: counts.f1,
    "entity_precision": lambda counts: counts.precision,
    "entity_recall": lambda counts: counts.recall,
}
"""Metrics of spans by name: sums over all sentences (micro average), exact match of both ends and the type."""


def count_spans(found: Sequence[Iterable[Any]], true: Sequence[Iterable[Any]]) -> Counts:
    """Count the spans of sentences.

    Source: Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 Shared Task, 2003 (exact match).

    Args:
        found: spans (first token, token after the last, type) of each sentence.
        true: the same of the truth.

    Raises:
        ArgumentError: another number of sentences (code ``ShapeMismatch``).

    >>> count_spans([[(0, 2, "person")], []], [[(0, 2, "person"), (3, 4, "place")], []]).f1
    0.6666666666666666
    """
    if len(found) != len(true):
        raise ArgumentError(f"{len(found)} sentences were tagged and {len(true)} are known", code="ShapeMismatch")
    right = guessed = known = 0
    for a, b in zip(found, true, strict=True):
        one, two = {_key(s) for s in a}, {_key(s) for s in b}
        right, guessed, known = right + len(one & two), guessed + len(one), known + len(two)
    return Counts(right, guessed, known)


@dataclass(frozen=True)
class SpanEvaluation(Evaluation):
    """Held-out sentences, their tags and what to measure.

    Args:
        items: held-out sentences.
        targets: (n, T) their tag numbers.
        metrics: names from `SPAN_METRICS`.
        schema: what the numbers mean.
    """

    metrics: tuple[str, ...] = ("entity_f1",)
    schema: Spans | None = None

    def __post_init__(self) -> None:
        """Refuse unknown metrics."""
        for name in self.metrics:
            if name not in SPAN_METRICS:
                near = nearest(name, SPAN_METRICS)
                hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(SPAN_METRICS)}"
                raise UnknownNameError(f"unknown metric {name!r} of spans; {hint}", code="UnknownName")
        if self.schema is None:
            raise ArgumentError("spans are measured by a schema: pass schema=", code="MissingKey")

    def measure(self, learner: Learner) -> dict[str, float]:
        """The metrics of a fitted tagger.

        Raises:
            ArgumentError: the learner cannot tag (code ``NeedsCapability``).
        """
        tag = getattr(learner, "tag", None)
        if tag is None:
            raise ArgumentError(
                f"{type(learner).__name__} gives no tags; spans are measured on a learner with a method tag, such as "
                "TaggerLearner",
                code="NeedsCapability",
            )
        assert self.schema is not None
        decode = self.schema.decode
        counts = count_spans([decode(row) for row in np.asarray(tag(self.items))], [decode(t) for t in self.targets])
        return {name: SPAN_METRICS[name](counts) for name in self.metrics}


def _key(span: Any) -> Hashable:
    return tuple(span)
