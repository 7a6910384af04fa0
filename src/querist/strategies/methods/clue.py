"""CLUE: k-means weighted by entropy."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.core.signals import PROBS, Context, Needs
from querist.strategies.algebra import FloatArray, Recipe, Score, Strategy
from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.probabilities import entropy
from querist.strategies.selectors.k_means import KMeans
from querist.strategies.text import Form

__all__ = ["Clue"]


@dataclass(frozen=True, repr=False)
class _TemperedEntropy(Score):
    """Entropy of p^(1/T), scaled to sum to 1, in nats; a piece of `Clue`, without a name of its own."""

    temperature: float

    @property
    def needs(self) -> Needs:
        """`PROBS` of the pool."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) nats, at least 0."""
        p = ctx.pool[PROBS]
        if self.temperature == 1.0:
            return entropy(p)
        out = np.empty(len(p))
        for rows, block in blocks(p):
            raised = np.asarray(block, dtype=np.float64) / block.max(axis=1, keepdims=True)
            raised **= 1.0 / self.temperature
            out[rows] = entropy(raised / raised.sum(axis=1, keepdims=True))
        return out

    def form(self, f: Form) -> str:
        """For reasons only."""
        return "entropy" if self.temperature == 1.0 else f"entropy at temperature {self.temperature:g}"


@dataclass(frozen=True, repr=False)
class Clue(Recipe):
    """k-means into n clusters, weighted by the entropy of p^(1/T); the row nearest to each centre, a row at most once.

    With temperature 1 it is ``entropy >> k_means``.

    Source: Prabhu, Chandrasekaran, Saenko and Hoffman, Active Domain Adaptation via Clustering Uncertainty-weighted
    Embeddings, 2021.

    Args:
        temperature: above 1 for weights that are more alike, below 1 for weights that differ more.
    """

    temperature: float = 1.0
    cell: ClassVar[str] = "hybrid: parallel"
    paper: ClassVar[str] = "Prabhu, Chandrasekaran, Saenko and Hoffman 2021"

    def __post_init__(self) -> None:
        """Refuse a temperature that is not above 0."""
        if isinstance(self.temperature, bool) or not isinstance(self.temperature, numbers.Real):
            raise ArgumentTypeError(
                f"temperature must be a number above 0, got {type(self.temperature).__name__} "
                f"{shorten(self.temperature)}",
                code="BadParameter",
            )
        if not 0 < self.temperature < math.inf:
            raise ArgumentError(f"temperature must be a number above 0, got {self.temperature}", code="BadParameter")

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return _TemperedEntropy(float(self.temperature)) >> KMeans()
