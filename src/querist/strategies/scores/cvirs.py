"""CVIRS: uncertain labels, and a label set unlike those of labelled items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import MULTILABEL, Context, Needs
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.label_sets import closeness, inconsistency, mean_place
from querist.strategies.scores.multilabel_score import MultilabelScore

__all__ = ["Cvirs"]


@dataclass(frozen=True, repr=False)
class Cvirs(MultilabelScore):
    """Mean place of an item by its margins, times the mean distance of its label set to those of labelled items.

    For each label the items are put in order of |2p - 1|; a place counts from 0 (surest) to 1 (least sure). Label sets
    are compared by the normalised entropy of what one does not tell about the other; sets that differ in every label
    have distance 1. ``multilabel`` of the labelled items holds their answers as 0 and 1, or the model's probabilities
    for them; a label counts as present above one half.

    Source: Reyes, Morell and Ventura, Effective Active Learning Strategy for Multi-Label Learning, 2018.
    """

    paper: ClassVar[str] = "Reyes, Morell and Ventura 2018"

    @property
    def needs(self) -> Needs:
        """`MULTILABEL` of the pool and of labelled items."""
        return Needs(pool=frozenset({MULTILABEL}), labelled=frozenset({MULTILABEL}))

    def parts(self, ctx: Context) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(N,) mean places and (N,) inconsistencies, each from 0 to 1."""
        probs = np.asarray(self.labels(ctx))
        places = mean_place(-np.round(closeness(probs), 6))
        return places, inconsistency(probs > 0.5, np.asarray(ctx.labelled[MULTILABEL]) > 0.5)

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from 0 to 1."""
        places, odd = self.parts(ctx)
        return np.asarray(places * odd)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """Both parts."""
        places, odd = self.parts(ctx)
        words = "less sure than {:.0f} % of the items, label set {:.2f} from those of labelled items"
        return [words.format(100 * places[r], odd[r]) for r in rows]
