"""auto: the default; what we would choose for this budget, these signals, this round."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Strategy, as_strategy
from querist.strategies.combinators import Mix
from querist.strategies.filters.subsample import Subsample
from querist.strategies.methods.uherding import Uherding
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.novelty import Novelty
from querist.strategies.scores.random import Random
from querist.strategies.selectors.k_means import KMeans
from querist.strategies.selectors.kmeans_pp import KMeansPP
from querist.strategies.selectors.lcmd import Lcmd
from querist.strategies.selectors.power import Power

__all__ = ["Auto"]

_FEW = 5
"""Below so many items a batch is picked one by one, from it on it covers."""
_MOST = 10_000
"""Rows that are covered; of larger pools a random part is, as coverage costs the square of the rows."""


@dataclass(frozen=True, repr=False)
class Auto(Strategy):
    """Chooses and composes by the budget spent, the classes seen, the signals at hand and the noise.

    ====================================  =========================================================================
    what is at hand                       what it plays
    ====================================  =========================================================================
    nothing but ids                       ``random``
    features only                         ``k_means``: typical items, one of each region
    features, some labels, no ``probs``   ``lcmd``: also for regression, where a model gives no probabilities
    a model, no features                  ``margin``; ``margin >> power`` for batches of five or more
    both, a class not yet seen            two thirds as below, one third ``kmeans_pp``: far from what is labelled
    both, batches of five or more         ``uherding``, on 10,000 random rows of a larger pool
    both, fewer                           ``margin * novelty``
    ====================================  =========================================================================

    UHerding is typical while little is labelled, as its kernel is wide then, and asks at the boundary later. Its answer to
    noise, and that of margin times distance, is to know what is labelled: where labels cannot be predicted the model stays
    in doubt for ever, but what is labelled there soon lies near, so that other places are asked about. The studies of
    the evidence hold it beside random sampling and the others.

    Source: the parts are those of their own pages; Bae, Oliveira and Sutherland, Uncertainty Herding, 2025.
    """

    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "the default; see the evidence"
    equivariant: ClassVar[bool] = False

    @property
    def needs(self) -> Needs:
        """Nothing must be there; `PROBS` and `EMBEDDING` are read where they are, and what is labelled or pending."""
        return Needs(optional=frozenset({PROBS, EMBEDDING}), uses=frozenset({EMBEDDING, LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """As what it plays does, with a sentence that says why."""
        part, why = self.play(ctx, n)
        chosen = as_strategy(part).select(ctx, n)
        reasons = chosen.reasons or ("",) * len(chosen)
        return dataclasses.replace(chosen, reasons=tuple(f"{r}; {why}" if r else why for r in reasons), arm=None)

    def play(self, ctx: Context, n: int) -> tuple[AnyPart, str]:
        """The part for this moment, and why in one sentence."""
        model, features = PROBS in ctx.pool, EMBEDDING in ctx.pool
        if not model and not features:
            return Random(), "auto: nothing is known about the items, so at random"
        placed = any(len(view) and EMBEDDING in view for view in (ctx.labelled, ctx.pending))
        if not model and placed:
            return Lcmd(), "auto: features and no probabilities, so what is least covered by labels"
        if not model:
            return KMeans(), "auto: no model yet, so typical items, one of each region"
        if not features:
            part: AnyPart = Margin() if n < _FEW else Margin() >> Power()
            return part, "auto: a model and no features, so what it is least sure of"
        classes = ctx.pool[PROBS].shape[1]
        labels = np.asarray(ctx.labelled[LABELS]) if len(ctx.labelled) and LABELS in ctx.labelled else None
        main: AnyPart = Uherding()
        if n < _FEW and placed:
            main = Margin() * Novelty()
        elif ctx.size > _MOST:
            main = Subsample(max(_MOST, 4 * n)) | Uherding()
        if labels is not None and len(np.unique(labels)) < classes and (n >= 3 or ctx.round % 3 == 2):
            why = f"auto: {len(np.unique(labels))} of {classes} classes seen, so a third far from what is labelled"
            return (Mix({main: 2.0, KMeansPP(): 1.0}) if n >= 3 else KMeansPP()), why
        return main, "auto: a model and features, so unsure and unlike what is labelled"
