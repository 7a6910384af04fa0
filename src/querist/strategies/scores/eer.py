"""Expected error reduction: how far the pool's risk is expected to fall once an item is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.response import covariance, error_reduction
from querist.strategies.methods.last_layer import known_embedding, sample_rows
from querist.strategies.parameters import check_positive

__all__ = ["Eer"]


@dataclass(frozen=True, repr=False)
class Eer(Score):
    """Risk of the pool now, less the risk expected after an answer, the last layer having moved by one step for it.

    Where the paper fits the model anew for every item and answer, the head takes one Newton step on the new answer's cross
    entropy: the curvature is ridge I + 1/2 sum h h' over labelled, pending and the new item, the bound of the softmax's
    curvature (Böhning 1992), so that no step overshoots. With A its inverse before the new item, the logits at u move by
    h_u' A h_x / (1 + h_x' A h_x / 2) (onehot(y) - p(x)). Answers are weighed by the model's probabilities; the
    risk is the mean over at most ``sample`` rows of the pool drawn by the seed.

    Source: Roy and McCallum, Toward Optimal Active Learning through Sampling Estimation of Error Reduction, 2001
    (log loss and 0/1 loss).

    Args:
        loss: ``log``, the risk being the entropy in nats, or ``zero_one``, the risk being 1 - the largest probability.
        sample: rows over which the risk is taken.
        ridge: prior precision of the weights, above 0.
    """

    loss: str = "log"
    sample: int = 256
    ridge: float = 1.0
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Roy and McCallum 2001"

    def __post_init__(self) -> None:
        """Refuse bad parameters when they are written."""
        if self.loss not in ("log", "zero_one"):
            raise ArgumentError(f"loss must be log or zero_one, got {self.loss!r}", code="BadParameter")
        object.__setattr__(self, "sample", check_count(self.sample, "sample"))
        check_positive(self.ridge, "ridge")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; `EMBEDDING` of labelled and pending items where it is there."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}), uses=frozenset({EMBEDDING}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,), nats or shares of errors; below 0 where the risk is expected to rise."""
        probs, h = ctx.pool[PROBS], ctx.pool[EMBEDDING]
        u = sample_rows(ctx, self.sample, "eer")
        a = covariance(known_embedding(ctx), h.shape[1], float(self.ridge), 0.5)
        return error_reduction(a, probs, h, probs[u], np.asarray(h[u], dtype=np.float64), self.loss)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The fall, and in what."""
        what = "entropy of the pool's predictions" if self.loss == "log" else "pool's expected error rate"
        return [f"an answer is expected to {'lower' if v >= 0 else 'raise'} the {what} by {abs(v):.3g}" for v in values]
