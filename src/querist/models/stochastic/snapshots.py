"""Snapshot ensembles: the weights of one training at several of its epochs.

Source: Huang, Li, Pleiss, Liu, Hopcroft and Weinberger, Snapshot Ensembles: Train 1, Get M for Free, 2017, section 3.
Jung, Kim and Lee, A Simple Yet Powerful Deep Active Learning With Snapshots Ensembles, 2023, for active learning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from querist.core.errors import ArgumentError
from querist.models.stochastic.checks import at_least, share
from querist.models.stochastic.one_network import OneNetwork
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.models.stochastic.swap import copied, swapped

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["Snapshots"]


@dataclass(frozen=True)
class Snapshots(OneNetwork):
    """Evenly spaced epochs of one training, the last one included; costs one training and S forward passes.

    With ``part=1`` snapshot k is taken after k / S of the epochs: the ends of the cycles, where the learning rate is
    annealed S times. Without cycles the early epochs have learnt little, so that only the last half is used by default.
    When training stops early and fewer than S were taken, they are used in turn.

    Args:
        samples: S, at most the number of epochs.
        part: share of the epochs, counted from the end, that snapshots are taken from.
    """

    samples: int = 5
    part: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("samples", self.samples, 1)
        share("part", self.part)

    def check(self, module: Module) -> None:
        """Any network will do."""

    def watch(self) -> Watcher | None:
        """A collector of snapshots."""
        return SnapshotWatcher(self)

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """Parameters and buffers of each snapshot, oldest first, as ``snapshot.<number>.<name>``."""
        taken = list(fitted.watcher.taken) if isinstance(fitted.watcher, SnapshotWatcher) else []
        taken = taken or [copied(fitted.modules[0])]
        return {f"snapshot.{n}.{name}": t for n, state in enumerate(taken) for name, t in state.items()}

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s``: snapshot ``s``."""
        count = 1 + max(int(name.split(".", 2)[1]) for name in tensors if name.startswith("snapshot."))
        head = f"snapshot.{s % count}."
        return swapped(module, {k.removeprefix(head): v for k, v in tensors.items() if k.startswith(head)})


@dataclass
class SnapshotWatcher:
    """Takes every k-th epoch and keeps the last S.

    Args:
        plan: how many, from which part.
        taken: what was taken so far.
    """

    plan: Snapshots
    taken: deque[dict[str, Tensor]] = field(default_factory=deque)

    def on_epoch(self, module: Module, epoch: int, epochs: int) -> None:
        """Take the weights where it is time.

        Raises:
            ArgumentError: fewer epochs than snapshots (code ``BadValue``).
        """
        count = self.plan.samples
        if epochs < count:
            raise ArgumentError(
                f"{count} snapshots need at least {count} epochs, and the recipe has {epochs}; train longer or take fewer",
                code="BadValue",
            )
        stride = max(int(epochs * self.plan.part) // count, 1)
        if (epochs - 1 - epoch) % stride == 0:
            self.taken.append(copied(module))
            if len(self.taken) > count:
                self.taken.popleft()
