"""Token entropy: how spread out the probabilities of an item's tokens are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Array
from querist.strategies.kernels.tokens import entropies
from querist.strategies.scores.token_score import TokenScore

__all__ = ["TokenEntropy"]


@dataclass(frozen=True, repr=False)
class TokenEntropy(TokenScore):
    """Mean, sum or max over an item's tokens of the entropy of their class probabilities, in nats.

    Source: Settles and Craven, An Analysis of Active Learning Strategies for Sequence Labeling Tasks, 2008
    (token entropy is the mean, total token entropy the sum).
    """

    paper: ClassVar[str] = "Settles and Craven 2008"
    unit: ClassVar[str] = "entropy"

    def token_scores(self, tokens: Array) -> NDArray[np.float64]:
        """(N, T) nats."""
        return entropies(tokens)
