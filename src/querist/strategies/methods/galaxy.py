"""GALAXY: halve the stretch between labelled items of different class, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.bisection import Line, order_by_class
from querist.strategies.kernels.probabilities import highest

__all__ = ["Galaxy"]


@dataclass(frozen=True, repr=False)
class Galaxy(Strategy):
    """Looks for the boundary of each class by bisection, so that rare classes get as many labels as common ones.

    For each class, pool and labelled rows stand in order of p of the class less the largest p; those whose class it is
    come first, by falling p. The classes take turns in an order drawn by the seed. Each takes the middle of the
    shortest stretch of unlabelled rows between two neighbours, one of the class and one not; where no stretch is left,
    the unlabelled row nearest to a place where the class changes; where the class changes nowhere, the row of lowest
    tie key. With two classes one order serves both. Pending rows and those chosen before in the batch, whose answer is
    not at hand, stand with their predicted class. There are no scores.

    Memory: 8 bytes a row and class, for as many classes as have a turn.

    Source: Zhang, Katz-Samuels and Nowak, GALAXY: Graph-based Active Learning at the Extreme, 2022.
    """

    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Zhang, Katz-Samuels and Nowak 2022"

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool, `PROBS` and `LABELS` of labelled items; `PROBS` of pending ones where they are there."""
        return Needs(pool=frozenset({PROBS}), labelled=frozenset({PROBS, LABELS}), uses=frozenset({PROBS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """One row a turn."""
        pool, known = ctx.pool[PROBS], ctx.labelled[PROBS]
        parts = [pool, known]
        truth = [pool.argmax(axis=1), np.asarray(ctx.labelled[LABELS], dtype=np.int64)]
        if len(ctx.pending) and PROBS in ctx.pending:
            parts.append(ctx.pending[PROBS])
            truth.append(parts[-1].argmax(axis=1))
        label, most = np.concatenate(truth), np.concatenate([highest(part) for part in parts])
        size, classes = pool.shape
        keys = np.zeros(len(label), dtype=np.uint64)
        keys[:size] = ctx.keys("galaxy")
        free = np.ones(size, dtype=bool)
        turns = ctx.generator("galaxy").permutation(classes) if classes != 2 else np.zeros(1, dtype=np.int64)
        lines: dict[int, Line] = {}
        rows: list[int] = []
        words: list[str] = []
        for turn in range(n):
            c = int(turns[turn % len(turns)])
            if c not in lines:
                seen = np.concatenate([np.arange(size, len(label)), np.array(rows, dtype=np.int64)])
                own = np.concatenate([part[:, c] for part in parts])
                lines[c] = Line(order_by_class(own, most, keys), seen, label[seen] == c)
            row, why = _next(lines[c], c, free, keys)
            free[row] = False
            for other, line in lines.items():
                line.add(row, bool(label[row] == other))
            rows.append(row)
            words.append(why)
        return Selection(np.array(rows, dtype=np.int64), np.full(n, np.nan), tuple(words))


def _next(line: Line, label: int, free: NDArray[np.bool_], keys: NDArray[np.uint64]) -> tuple[int, str]:
    if (found := line.middle()) is not None:
        return found[0], f"in the middle of {found[1]:,} items between one of class {label} and one of another"
    if (found := line.beside()) is not None:
        return found[0], f"{found[1]:,} place{'s' if found[1] > 1 else ''} from a boundary of class {label}"
    rest = np.flatnonzero(free)
    return int(rest[keys[rest].argmin()]), f"drawn at random: no boundary of class {label} is known"
