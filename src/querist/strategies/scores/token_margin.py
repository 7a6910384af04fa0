"""Token margin: how close the two most probable classes of an item's tokens are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Array
from querist.strategies.kernels.tokens import margins
from querist.strategies.scores.token_score import TokenScore

__all__ = ["TokenMargin"]


@dataclass(frozen=True, repr=False)
class TokenMargin(TokenScore):
    """Mean, sum or max over an item's tokens of 1 - (p1 - p2).

    Source: Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, 2001.
    """

    paper: ClassVar[str] = "Scheffer, Decomain and Wrobel 2001"
    unit: ClassVar[str] = "closeness of two classes"

    def token_scores(self, tokens: Array) -> NDArray[np.float64]:
        """(N, T) from 0 to 1."""
        return margins(tokens)
