"""Discriminative active learning: choose what a classifier tells apart from the labelled items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.contract import check_count
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.discriminator import fit_discriminator
from querist.strategies.kernels.order import top
from querist.strategies.kernels.ties import settled
from querist.strategies.methods.last_layer import known_embedding

__all__ = ["Discriminative"]


@dataclass(frozen=True, repr=False)
class Discriminative(Strategy):
    """In sub-batches: the items that a classifier finds least like what is labelled, pending or chosen.

    Before each sub-batch a logistic regression on the embedding learns to tell the known items from at most ten times as
    many others, drawn by the seed, both classes weighing alike. As published it stops at the first epoch whose accuracy on
    these rows is above 0.98 (at most 200 epochs of full-batch gradient descent), so that it is not sure of everything. All
    items left are rated by it. With nothing labelled or pending the first item is drawn by the seed. The scores are the
    probabilities of "not labelled".

    Source: Gissin and Shalev-Shwartz, Discriminative Active Learning, 2019. Rule checked against the authors' code, where
    the classifier is a multi-layer perceptron.

    Args:
        sub_batches: into how many parts a batch is split.
    """

    sub_batches: int = 10
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Gissin and Shalev-Shwartz 2019"

    def __post_init__(self) -> None:
        """Refuse a bad number when it is written."""
        object.__setattr__(self, "sub_batches", check_count(self.sub_batches, "sub_batches"))

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Fit, take a sub-batch, and again."""
        h = ctx.pool[EMBEDDING]
        keys = ctx.keys("discriminative")
        known = np.asarray(known_embedding(ctx), dtype=np.float64)
        free = np.ones(ctx.size, dtype=bool)
        chosen: list[int] = []
        scores: list[float] = []
        words: list[str] = []
        if not len(known):
            chosen, scores = [int(keys.argmin())], [0.5]
            words = ["drawn by the seed: nothing is labelled yet"]
            free[chosen] = False
        part = -(-n // self.sub_batches)
        turn = 0
        while len(chosen) < n:
            turn += 1
            left = np.flatnonzero(free)
            have = np.concatenate([known, np.asarray(h[chosen], dtype=np.float64)])
            draw = ctx.keys(f"discriminative {turn}")[left]
            sample = left if 10 * len(have) >= len(left) else np.sort(left[np.argsort(draw)[: 10 * len(have)]])
            model = fit_discriminator(have, h[sample])
            odds = settled(model.logits(h)[left])
            picked = top(odds, min(part, n - len(chosen)), keys[left])
            for place in picked:
                chance = float(0.5 * (1.0 + np.tanh(0.5 * odds[place])))
                chosen.append(int(left[place]))
                scores.append(chance)
                words.append(f"told apart from {len(have)} labelled or chosen items with probability {chance:.3g}")
            free[left[picked]] = False
        return Selection(np.array(chosen, dtype=np.int64), np.array(scores), tuple(words))
