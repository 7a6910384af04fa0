"""What posteriors of one trained network share."""

from __future__ import annotations

__all__ = ["OneNetwork"]


class OneNetwork:
    """One network is trained, and predictions are the mean over the samples (Bayesian model averaging)."""

    @property
    def networks(self) -> int:
        """One network."""
        return 1

    @property
    def mean(self) -> bool:
        """The predictive probabilities are the mean over the samples."""
        return True
