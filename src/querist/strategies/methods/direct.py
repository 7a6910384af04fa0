"""DIRECT: find each class's threshold in the presence of wrong labels, and label around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.bisection import Line, order_by_class
from querist.strategies.kernels.probabilities import highest
from querist.strategies.parameters import check_whole

__all__ = ["Direct"]


@dataclass(frozen=True, repr=False)
class Direct(Strategy):
    """Half of the batch where a class's threshold may lie, half around where it fits best, class by class.

    For each class, pool and labelled rows stand in the order of `Galaxy`. The threshold may lie between the last
    labelled row of the class before the first of another, and the first of another after the last of the class. In the
    first half each class has n / (2 C) rows drawn from there uniformly; when that is ``least`` or more, the n / (2
    ``least``) rarest labelled classes have ``least`` rows each. The rest is shared between the classes, in an order
    drawn by the seed, and goes by turns before and behind the threshold with the fewest wrong labels, the first of
    equals. What is left over when a class has no rows goes to the next. There are no scores.

    The batch is one parallel step (the paper's number of annotators is n): no answer comes in before it is full, so the
    region is not narrowed inside it and rows of the batch have no side.

    Source: Nuggehalli, Zhang, Jain and Nowak, DIRECT: Deep Active Learning under Imbalance and Label Noise, 2023, and
    the authors' code.

    Args:
        least: rows that a class has at least in the first half, where there are enough.
    """

    least: int = 60
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Nuggehalli, Zhang, Jain and Nowak 2023"

    def __post_init__(self) -> None:
        """Refuse fewer than one."""
        check_whole(self.least, "least")

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool, `PROBS` and `LABELS` of labelled items."""
        return Needs(pool=frozenset({PROBS}), labelled=frozenset({PROBS, LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """First half, then second."""
        pool, known = ctx.pool[PROBS], ctx.labelled[PROBS]
        labels = np.asarray(ctx.labelled[LABELS], dtype=np.int64)
        size, classes = pool.shape
        most = np.concatenate([highest(pool), highest(known)])
        keys = np.zeros(len(most), dtype=np.uint64)
        keys[:size] = ctx.keys("direct")
        free = np.zeros(len(most), dtype=bool)
        free[:size] = True
        rows: list[int] = []
        words: list[str] = []

        def line_of(c: int) -> Line:
            order = order_by_class(np.concatenate([pool[:, c], known[:, c]]), most, keys)
            return Line(order, np.arange(size, len(most)), labels == c)

        def take(row: int, why: str) -> None:
            free[row] = False
            rows.append(row)
            words.append(why)

        share = n // classes // 2
        turns = np.argsort(-np.bincount(labels, minlength=classes)[:classes], kind="stable")
        if share >= self.least:
            share, turns = self.least, turns[-(n // (2 * self.least)) :]
        for c in turns.tolist() if share else ():
            line = line_of(c)
            start, stop = line.uncertain()
            inside = line.order[start : stop + 1].astype(np.int64)
            inside = inside[free[inside]]
            for row in inside[np.argsort(keys[inside], kind="stable")][:share].tolist():
                take(row, f"drawn from {len(inside):,} items where the threshold of class {c} may lie")
        rest, every = n - len(rows), ctx.generator("direct").permutation(classes).tolist()
        for place, c in enumerate([*every, *every]):
            part = rest * (place + 1) // classes - rest * place // classes if place < classes else n - len(rows)
            if part:
                line = line_of(c)
                for row in line.around(line.threshold(), free, part):
                    take(row, f"beside the threshold of class {c} that fits best")
        return Selection(np.array(rows, dtype=np.int64), np.full(n, np.nan), tuple(words))
