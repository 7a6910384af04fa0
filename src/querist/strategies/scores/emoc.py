"""Expected model output change: how far an answer is expected to move the outputs all over the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.contract import check_count
from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Score
from querist.strategies.kernels.lengths import expected_length
from querist.strategies.kernels.response import covariance, output_change
from querist.strategies.kernels.ties import settled
from querist.strategies.methods.last_layer import known_embedding, sample_rows
from querist.strategies.parameters import check_positive

__all__ = ["Emoc"]


@dataclass(frozen=True, repr=False)
class Emoc(Score):
    """Mean over the pool of the length of the outputs' change, expected over answers, for a head of least squares.

    The head is a ridge regression on one-hot targets (a Gaussian process with a linear kernel on the features and unit
    noise), for which the change is exact: at u it is h_u' A h_x / (1 + h_x' A h_x) (onehot(y) - p(x)), A being
    (ridge I + sum h h')^-1 over labelled and pending items. Answers are weighed by the model's probabilities, which also
    stand for the head's outputs. The mean is taken over at most ``sample`` rows of the pool drawn by the seed.

    Source: Freytag, Rodner and Denzler, Selecting Influential Examples: Active Learning with Expected Model Output Changes,
    2014.

    Args:
        sample: rows over which the change is taken.
        ridge: prior precision of the weights relative to the noise, above 0.
    """

    sample: int = 256
    ridge: float = 1.0
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Freytag, Rodner and Denzler 2014"

    def __post_init__(self) -> None:
        """Refuse bad parameters when they are written."""
        object.__setattr__(self, "sample", check_count(self.sample, "sample"))
        check_positive(self.ridge, "ridge")

    @property
    def needs(self) -> Needs:
        """`PROBS` and `EMBEDDING` of the pool; `EMBEDDING` of labelled and pending items where it is there."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}), uses=frozenset({EMBEDDING}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) at least 0; 0 where the model is sure."""
        h = ctx.pool[EMBEDDING]
        u = sample_rows(ctx, self.sample, "emoc")
        a = covariance(known_embedding(ctx), h.shape[1], float(self.ridge), 1.0)
        change = output_change(a, h, np.asarray(h[u], dtype=np.float64))
        return settled(expected_length(ctx.pool[PROBS]) * change)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The change."""
        return [f"an answer is expected to change the pool's outputs by {v:.3g} on average" for v in values]
