"""Curricula: which items count in an epoch, easy ones first.

Bengio, Louradour, Collobert and Weston, Curriculum Learning, 2009 (a given order of difficulty); Kumar, Packer and Koller,
Self-Paced Learning for Latent Variable Models, 2010 (the model's own losses); Hacohen and Weinshall, On the Power of
Curriculum Learning in Training Deep Networks, 2019 (pacing functions, difficulty by another model).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.types import Array, ItemId

__all__ = ["ByDifficulty", "Curriculum", "SelfPaced"]


class Curriculum(Protocol):
    """Weighs the labelled items anew for each epoch."""

    @property
    def needs_losses(self) -> bool:
        """Whether the losses of all items are computed before each epoch."""
        ...

    def weigh(self, share: float, losses: Array | None, items: Any) -> Array:
        """(L,) weights from 0 to 1 of the items in the epoch that begins.

        Args:
            share: of the training that is done, from 0 to below 1.
            losses: (L,) losses of the items now, in evaluation mode; None unless `needs_losses`.
            items: (L,) their ids.
        """
        ...


def _portion(share: float, first: float, full: float) -> float:
    """Portion of the items in use: linear from ``first`` to 1, which is reached when ``full`` of the training is done."""
    return min(1.0, first + (1.0 - first) * share / full)


@dataclass(frozen=True)
class SelfPaced:
    """The items of smallest loss first, the portion growing linearly: the hard and the linear weights of the paper's line.

    Args:
        first: portion of the items in the first epoch.
        full: share of the training after which all count.
        weights: "hard" counts an item or not; "linear" lets its weight fall from 1 to 0 with its loss below the threshold.
    """

    first: float = 0.5
    full: float = 0.6
    weights: Literal["hard", "linear"] = "hard"

    def __post_init__(self) -> None:
        """Shares lie above 0 and up to 1."""
        _check(self.first, self.full)
        if self.weights not in ("hard", "linear"):
            raise ArgumentError(f"weights must be hard or linear, got {self.weights!r}", code="BadValue")

    @property
    def needs_losses(self) -> bool:
        """Always."""
        return True

    def weigh(self, share: float, losses: Array | None, items: Any) -> Array:
        """1 (or a falling weight) up to the threshold that lets the portion in, 0 above it."""
        assert losses is not None
        portion = _portion(share, self.first, self.full)
        if portion >= 1.0:
            return np.ones(len(losses))
        threshold = np.sort(losses)[max(int(np.ceil(portion * len(losses))) - 1, 0)]
        inside = losses <= threshold
        if self.weights == "hard":
            return np.asarray(inside, dtype=np.float64)
        least = min(float(losses.min()), 0.0)  # likelihoods of numbers may fall below 0
        share_of = (losses - least) / max(float(threshold) - least, 1e-12)
        falling: Array = np.where(inside, 1.0 - share_of * (1.0 - 1e-3), 0.0)
        return falling


@dataclass(frozen=True)
class ByDifficulty:
    """Items in a given order of difficulty, the easiest first, the portion growing linearly.

    Args:
        difficulty: a number an item id, or a function from ids to (L,) numbers: the loss of another model, the length of a
            text, the doubt of annotators. An id that is missing, or NaN, counts as the hardest.
        first: portion of the items in the first epoch.
        full: share of the training after which all count.
    """

    difficulty: Mapping[ItemId, float] | Callable[[Any], Array]
    first: float = 0.3
    full: float = 0.6

    def __post_init__(self) -> None:
        """Shares lie above 0 and up to 1."""
        _check(self.first, self.full)

    @property
    def needs_losses(self) -> bool:
        """Never."""
        return False

    def weigh(self, share: float, losses: Array | None, items: Any) -> Array:
        """1 for the easiest portion (all items as hard as the last one let in with it), 0 for the rest."""
        if callable(self.difficulty):
            hard = np.asarray(self.difficulty(items), dtype=np.float64)
        else:
            hard = np.array([self.difficulty.get(item, np.inf) for item in items], dtype=np.float64)
        hard = np.where(np.isnan(hard), np.inf, hard)
        portion = _portion(share, self.first, self.full)
        threshold = np.sort(hard)[max(int(np.ceil(portion * len(hard))) - 1, 0)]
        return np.asarray(hard <= threshold, dtype=np.float64)


def _check(first: float, full: float) -> None:
    if not 0 < first <= 1 or not 0 < full <= 1:
        raise ArgumentError(f"first and full are shares above 0 and up to 1, got {first} and {full}", code="BadValue")
