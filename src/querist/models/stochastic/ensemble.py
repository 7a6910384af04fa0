"""Deep ensembles: several networks from different first weights and orders of the items.

Source: Lakshminarayanan, Pritzel and Blundell, Simple and Scalable Predictive Uncertainty Estimation using Deep
Ensembles, 2017, algorithm 1 without adversarial examples. Beluch and others, The Power of Ensembles for Active Learning
in Image Classification, 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from querist.core.errors import ArgumentError
from querist.models.stochastic.checks import at_least
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.models.stochastic.swap import copied, swapped

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["Ensemble"]


@dataclass(frozen=True)
class Ensemble:
    """One sample a network; costs n trainings and n forward passes.

    Args:
        networks: n, at least 2. The first is the learner's own.
    """

    networks: int = 5
    own: ClassVar[int] = 0
    """The sample that is the learner's own network: it needs no pass of its own."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("networks", self.networks, 2)

    @property
    def samples(self) -> int:
        """One a network."""
        return self.networks

    @property
    def mean(self) -> bool:
        """The predictive probabilities are the mean over the networks (Lakshminarayanan 2017, section 2.4)."""
        return True

    def check(self, module: Module) -> None:
        """Any network will do."""

    def watch(self) -> Watcher | None:
        """Nothing is collected."""
        return None

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """Parameters and buffers of the networks after the first, as ``ensemble.<number>.<name>``.

        Raises:
            ArgumentError: not as many networks as asked for (code ``BadValue``).
        """
        if len(fitted.modules) != self.networks:
            raise ArgumentError(
                f"an ensemble of {self.networks} was given {len(fitted.modules)} trained networks", code="BadValue"
            )
        rest = enumerate(fitted.modules[1:], start=1)
        return {f"ensemble.{n}.{name}": t for n, module in rest for name, t in copied(module).items()}

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s``: network ``s``."""
        if s == 0:
            return nullcontext()
        head = f"ensemble.{s}."
        return swapped(module, {k.removeprefix(head): v for k, v in tensors.items() if k.startswith(head)})
