"""Balanced entropy: items that are uncertain as much for lack of knowledge as by nature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.signals import Context
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.beta_entropy import balanced_entropy
from querist.strategies.scores.committee import CommitteeScore

__all__ = ["BalancedEntropy"]

_LARGEST = 1e6


@dataclass(frozen=True, repr=False)
class BalancedEntropy(CommitteeScore):
    """1 / B where B is at least 0, else B; B = (sum over classes of m h + H) / (H + log 2).

    H is the entropy of the mean m over members, h the (negative) differential entropy of the probability of a class once
    the class has been seen, the members' probabilities being taken as a Beta variable. B near 0 means that what is known
    about the probabilities balances the entropy of the label; such items come first, and their score is large, at most
    1,000,000. Items that the members agree on come last.

    Source: Woo, Active Learning in Bayesian Neural Networks with Balanced Entropy Learning Principle, 2023 (BalEntAcq).
    """

    paper: ClassVar[str] = "Woo 2023"

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) from -10 or so up to 1,000,000."""
        balance = balanced_entropy(self.members(ctx))
        return np.where(balance >= 0, 1.0 / np.maximum(balance, 1.0 / _LARGEST), balance)

    def explain(self, ctx: Context, rows: NDArray[np.int64], values: FloatArray) -> list[str]:
        """B itself."""
        balance = np.where(np.asarray(values) > 0, 1.0 / np.maximum(values, 1.0 / _LARGEST), values)
        return [f"balanced entropy {b:.2g}: 0 where knowledge and uncertainty balance" for b in balance]
