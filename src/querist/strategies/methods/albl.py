"""Active learning by learning: EXP4.P over strategies, rewarded by the importance-weighted accuracy of the model.

The whole state is read from the session's history: the weights of the last batch and what it was made of stand in its
`Round.arm`, the items and the probability with which each was drawn in `Round.asked` and `Round.inclusion`.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import LABELS, PROBS, Context, Needs, Selection
from querist.core.types import Round
from querist.strategies.algebra import AnyPart, Strategy
from querist.strategies.combinators import needs_of
from querist.strategies.turns import Turns, batches, members_of

__all__ = ["Albl"]


@dataclass(frozen=True, repr=False, init=False)
class Albl(Strategy):
    """Draws, for each item of the batch, the strategy that picks it; strategies after which the model is right gain.

    Member k is drawn with probability p_k = (1 - explore) w_k + explore / M, and picks its first row that is not taken.
    An item that several members would pick was drawn with the sum q of their probabilities, given as
    `Selection.inclusion`. When the model was fitted again, the reward r is its importance-weighted accuracy on all items
    asked so far, sum of [right] / q over sum of 1 / q, and w_k is multiplied by
    exp(explore / 2M (r Y_k + n sqrt(log(M / delta) / (M T)) / p_k)), Y_k being the sum of 1 / q over the items of the
    batch that k would have picked, n the batch and T the items asked so far. The weights do not change within a batch.

    Args:
        arms: two strategies or more.
        explore: the share of even play; it is also the step, as in EXP4.P.
        delta: how rarely EXP4.P's bound may fail.

    Source: Hsu and Lin, Active Learning by Learning, 2015, algorithm 1; Beygelzimer, Langford, Li, Reyzin and Schapire,
    Contextual Bandit Algorithms with Supervised Learning Guarantees, 2011, algorithm 1.

    >>> str(Albl(["margin", "random"]))
    'albl([margin, random])'
    """

    arms: tuple[AnyPart, ...]
    explore: float = 0.1
    delta: float = 0.1
    cell: ClassVar[str] = "hybrid: criteria selection"
    paper: ClassVar[str] = "Hsu and Lin 2015"

    def __init__(self, arms: Sequence[AnyPart | str], explore: float = 0.1, delta: float = 0.1) -> None:
        object.__setattr__(self, "arms", members_of("albl", arms, "albl([margin, random])"))
        object.__setattr__(self, "explore", _share("explore", explore))
        object.__setattr__(self, "delta", _share("delta", delta))

    @property
    def needs(self) -> Needs:
        """What all arms need, and `PROBS` and `LABELS` of labelled items for the reward."""
        return needs_of(self.arms) | Needs(labelled=frozenset({PROBS, LABELS}))

    def needs_at(self, round: int) -> Needs:
        """The same after ``round`` fits: any arm may be played."""
        return needs_of(self.arms, round) | Needs(labelled=frozenset({PROBS, LABELS}))

    def select(self, ctx: Context, n: int) -> Selection:
        """One draw of a member for each item."""
        weights = self._weights(ctx)
        chances = self._chances(weights)
        turns = Turns(self.arms, ctx, n)
        gained = np.zeros(len(self.arms))
        rows, scores, reasons, drawn = [], [], [], []
        for played in ctx.generator("albl").choice(len(self.arms), n, p=chances).tolist():
            agree = np.array(turns.peek())
            row, score, why = turns.take(played)
            alike = agree == row
            q = float(chances[alike].sum())
            gained[alike] += 1.0 / q
            drawn.append(min(q, 1.0))
            rows.append(row)
            scores.append(score)
            words = f"chosen by {self.arms[played]}, played with probability {chances[played]:.2f}"
            reasons.append(f"{why}; {words}" if why else words)
        log = " ".join(f"{v:.12g}" for v in (*weights, *gained))
        return Selection(
            np.array(rows, dtype=np.int64),
            np.array(scores, dtype=np.float64),
            tuple(reasons),
            inclusion=np.array(drawn),
            arm=f"{self._tag}{log}",
        )

    @property
    def _tag(self) -> str:
        return f"albl([{', '.join(str(arm) for arm in self.arms)}]): weights and gains "

    def _chances(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        out = (1.0 - self.explore) * weights + self.explore / len(weights)
        return np.asarray(out / out.sum())

    def _weights(self, ctx: Context) -> NDArray[np.float64]:
        """(M,) weights that sum to 1, after what the last batch has taught."""
        arms = len(self.arms)
        right = np.asarray(ctx.labelled[PROBS]).argmax(axis=1) == np.asarray(ctx.labelled[LABELS])
        own = batches(ctx.history, self._tag)
        if not own:
            return np.full(arms, 1.0 / arms)
        numbers = np.array((own[-1].arm or "").removeprefix(self._tag).split(), dtype=np.float64)
        weights, gained = numbers[:arms], numbers[arms:]
        reward = _weighted_accuracy(ctx, own, right)
        if reward is None:  # nothing of what was asked has an answer: nothing to learn from
            return weights
        asked = sum(len(past.asked) for past in own)
        doubt = math.sqrt(math.log(arms / self.delta) / (arms * asked)) * len(own[-1].asked) / self._chances(weights)
        step = self.explore / (2.0 * arms) * (reward * gained + doubt)
        raised = weights * np.exp(step - step.max())
        return np.asarray(raised / raised.sum())


def _weighted_accuracy(ctx: Context, own: Sequence[Round], right: NDArray[np.bool_]) -> float | None:
    """Sum of [right] / q over sum of 1 / q on the labelled items that were asked; None without any.

    To the right of a filter the probabilities are those among the kept rows, and are not known: all count alike.
    """
    places = {item: place for place, item in enumerate(ctx.labelled_ids if ctx.labelled_ids is not None else ())}
    hits = total = 0.0
    for past in own:
        for item, q in zip(past.asked, past.inclusion or (1.0,) * len(past.asked), strict=True):
            if item in places:
                total += 1.0 / q
                hits += float(right[places[item]]) / q
    return hits / total if total else None


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(
            f"{name} must be a number above 0 and at most 1, got {type(value).__name__} {shorten(value)}",
            code="BadParameter",
        )
    if not 0 < float(value) <= 1:
        raise ArgumentError(f"{name} must be a number above 0 and at most 1, got {value}", code="BadParameter")
    return float(value)
