"""Discriminative active learning: items that a small network can tell from the labelled ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.signals import EMBEDDING, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.order import top
from querist.strategies.kernels.telling_apart import fit

__all__ = ["Discriminative"]

TIMES = 10
"""Unlabelled items for each labelled one, in training and among the candidates."""


@dataclass(frozen=True, repr=False)
class Discriminative(Strategy):
    """Trains a network to tell labelled from unlabelled embeddings, takes those it is surest are unlabelled, and again.

    The batch comes in ``sub_batches`` parts; what was chosen counts as labelled for the next part, pending items always.
    Each part looks at ten unlabelled items drawn by the seed for each labelled one (at least as many as it takes). The
    network has three hidden layers of 256 (of 20 below 30 dimensions), both sides weigh alike, and training stops when
    98 % are told apart, so that twins of labelled items are not called unlabelled for sure. With nothing labelled or
    pending there is nothing to tell from, and the first part is drawn by the seed. The scores are the probabilities at
    the time of the pick.

    Args:
        sub_batches: parts of the batch.
        epochs: most passes of a training.

    Source: Gissin and Shalev-Shwartz, Discriminative Active Learning, 2019, algorithm 1, and its code.
    """

    sub_batches: int = 10
    epochs: int = 200
    cell: ClassVar[str] = "representative: diversity"
    paper: ClassVar[str] = "Gissin and Shalev-Shwartz 2019"

    def __post_init__(self) -> None:
        """Both counts are whole numbers of at least 1."""
        object.__setattr__(self, "sub_batches", check_count(self.sub_batches, "sub_batches"))
        object.__setattr__(self, "epochs", check_count(self.epochs, "epochs"))

    @property
    def needs(self) -> Needs:
        """`EMBEDDING` of the pool; of labelled and pending items where it is there."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Part by part."""
        pool = ctx.pool[EMBEDDING]
        views = [v[EMBEDDING] for v in (ctx.labelled, ctx.pending) if len(v) and EMBEDDING in v]
        known = np.concatenate([np.zeros((0, pool.shape[1]), dtype=np.float32), *map(_short, views)])
        size = -(-n // self.sub_batches)
        rows: list[int] = []
        scores: list[float] = []
        words: list[str] = []
        for part in range(-(-n // size)):
            wanted = min(size, n - len(rows))
            keys = ctx.keys(f"discriminative {part}")
            left = np.setdiff1d(np.arange(ctx.size), rows)
            left = left[np.argsort(keys[left])]  # in an order that belongs to the items and not to their places
            if not len(known):
                chosen, values = left[:wanted], np.full(wanted, np.nan)
                why = ["nothing is labelled yet: drawn by the seed"] * wanted
            else:
                candidates = left[: max(TIMES * len(known), wanted)]
                points = _short(pool[np.sort(candidates)])[np.argsort(np.argsort(candidates))]
                network = fit(known, points, ctx.generator(f"discriminative {part}"), epochs=self.epochs)
                probability = network.probability(points)
                best = top(probability, wanted, keys[candidates])
                chosen, values = candidates[best], probability[best]
                why = [
                    f"told from what is labelled with probability {p:.3g} (part {part + 1}, a network that is right on "
                    f"{network.accuracy:.0%})"
                    for p in values
                ]
            rows += chosen.tolist()
            scores += values.tolist()
            words += why
            known = np.concatenate([known, _short(pool[np.sort(chosen)])[np.argsort(np.argsort(chosen))]])
        return Selection(np.array(rows, dtype=np.int64), np.array(scores), tuple(words))


def _short(points: object) -> NDArray[np.float32]:
    return np.asarray(points, dtype=np.float32)
