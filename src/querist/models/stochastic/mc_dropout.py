"""MC dropout as a posterior: sample s is the network under one dropout mask.

Source: Gal and Ghahramani, Dropout as a Bayesian Approximation, 2016; one mask for all items as in `one_mask`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from querist.core.seeds import derive
from querist.models.stochastic.checks import at_least
from querist.models.stochastic.dropout import need_dropout, one_mask
from querist.models.stochastic.one_network import OneNetwork
from querist.models.stochastic.posterior import Fitted, Watcher

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["MCDropout"]


@dataclass(frozen=True)
class MCDropout(OneNetwork):
    """Samples by dropout masks; costs nothing to train, S forward passes to score, and needs dropout layers.

    Args:
        samples: S.
    """

    samples: int = 10

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("samples", self.samples, 1)

    @property
    def mean(self) -> bool:
        """The predictive probabilities are those of the network without dropout."""
        return False

    def check(self, module: Module) -> None:
        """Refuse a network without dropout (code ``NeedsDropout``)."""
        need_dropout(module)

    def watch(self) -> Watcher | None:
        """Nothing is collected."""
        return None

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """Nothing is kept."""
        return {}

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s``: the masks drawn from ``seed`` and ``s``."""
        return one_mask(module, derive(seed, "member", s))
