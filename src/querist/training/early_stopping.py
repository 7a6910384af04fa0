"""Early stopping: the best state so far, and how long nothing has become better.

Source: Prechelt, Early Stopping - But When?, 1998.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["EarlyStopping"]

_LEAST = 1e-6
"""What a loss must fall by to count as better."""


class EarlyStopping:
    """Watches the loss on a validation part.

    Args:
        patience: epochs without a better loss before training stops.
        take: copies the state that is to be kept.
    """

    def __init__(self, patience: int, take: Callable[[], Any]) -> None:
        self.patience, self.take = patience, take
        self.best, self.waited = math.inf, 0
        self.state: Any = None
        """what ``take`` gave at the best loss, or None before any"""

    def stops(self, loss: float) -> bool:
        """Whether training ends after an epoch with this loss."""
        if loss < self.best - _LEAST:
            self.best, self.state, self.waited = loss, self.take(), 0
            return False
        self.waited += 1
        return self.waited >= self.patience
