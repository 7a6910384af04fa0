"""Label cardinality inconsistency, with the separation of present and absent labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import MULTILABEL, Context, Needs
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.label_sets import separation
from querist.strategies.scores.multilabel_score import MultilabelScore

__all__ = ["LabelCardinality"]

_FLOOR = 1e-6


@dataclass(frozen=True, repr=False)
class LabelCardinality(MultilabelScore):
    """(1 / separation)^beta times |labels predicted - labels expected|^(1 - beta).

    The separation is the smallest 2p - 1 of the labels above one half less the largest of the others; the labels
    predicted are those above one half; those expected are the mean number of labels of a labelled item. It is read from
    ``multilabel`` of the labelled items, as the mean sum of a row: rows of 0 and 1 that tell their answers, or the
    model's probabilities for them, whose mean sum is near it. Or it is given as ``cardinality``.

    Source: Li and Guo, Active Learning with Multi-Label SVM Classification, 2013 (max-margin uncertainty and label
    cardinality inconsistency; there the best of several beta is found by retraining).

    Args:
        beta: weight of the separation, from 0 (cardinality alone) to 1 (separation alone).
        cardinality: expected number of labels, or None to take it from the labelled items.
    """

    beta: float = 0.5
    cardinality: float | None = None
    paper: ClassVar[str] = "Li and Guo 2013"

    def __post_init__(self) -> None:
        """Refuse bad parameters."""
        pairs = [("beta", self.beta, 1.0), ("cardinality", 0 if self.cardinality is None else self.cardinality, 1e9)]
        for name, value, most in pairs:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ArgumentTypeError(
                    f"{name} must be a number ≥ 0, got {type(value).__name__} {shorten(value)}", code="BadParameter"
                )
            if not 0 <= value <= most:
                raise ArgumentError(f"{name} must be a number from 0 to {most:g}, got {value}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`MULTILABEL` of the pool, and of labelled items where no cardinality is given."""
        labelled = frozenset({MULTILABEL}) if self.cardinality is None else frozenset()
        return Needs(pool=frozenset({MULTILABEL}), labelled=labelled)

    def expected(self, ctx: Context) -> float:
        """Mean number of labels of a labelled item."""
        if self.cardinality is not None:
            return float(self.cardinality)
        return float(np.asarray(ctx.labelled[MULTILABEL], dtype=np.float64).sum(axis=1).mean())

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0."""
        probs = self.labels(ctx)
        apart = np.maximum(separation(probs), _FLOOR) ** -self.beta
        off = np.abs((np.asarray(probs) > 0.5).sum(axis=1) - self.expected(ctx))
        return np.asarray(apart * off ** (1.0 - self.beta))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """Labels predicted and expected, and the separation."""
        probs, expected = self.labels(ctx)[rows], self.expected(ctx)
        counts = (np.asarray(probs) > 0.5).sum(axis=1)
        return [
            f"{c} labels predicted where {expected:.2f} are expected, separated by {s:.2f}"
            for c, s in zip(counts, separation(probs), strict=True)
        ]
