"""EPIG: what an answer would tell about the labels of a reference set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.joint import expected_information
from querist.strategies.scores.committee import most_nats
from querist.strategies.scores.paired import PairedScore

__all__ = ["Epig"]


@dataclass(frozen=True, repr=False)
class Epig(PairedScore):
    """Mean over reference items x* of the mutual information of the labels of x and x*, in nats.

    `bald` asks what an answer tells about the model; this asks what it tells about the predictions that matter. Members
    have shape (N, S, C) in the pool and (M, S, C) in ``reference``; sample s must be one model in both. Time grows with
    N M C^2 S: a reference set of some hundreds to a thousand items serves.

    Source: Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth, Prediction-Oriented Bayesian Active Learning,
    2023.
    """

    paper: ClassVar[str] = "Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth 2023"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) in [0, log min(S, C)]; 0 where all members agree."""
        return expected_information(*self.both(ctx))

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """The information beside the most there can be, and about how many items."""
        members, reference = self.both(ctx)
        most = most_nats(*members.shape[1:])
        many = f"{len(reference):,} reference items"
        return [f"an answer tells {v:.2g} {most} about each label of {many}" for v in values]
