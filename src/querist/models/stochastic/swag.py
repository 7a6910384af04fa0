"""SWAG: a Gaussian over all weights, from where training wanders in its last epochs.

Source: Maddox, Garipov, Izmailov, Vetrov and Wilson, A Simple Baseline for Bayesian Uncertainty in Deep Learning, 2019,
algorithm 1 and equation 1.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.stochastic.checks import at_least, share
from querist.models.stochastic.one_network import OneNetwork
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.models.stochastic.swap import swapped

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["SWAG"]


@dataclass(frozen=True)
class SWAG(OneNetwork):
    """Samples from N(mean, diagonal / 2 + low rank / 2) of the weights; costs one training and S forward passes.

    The mean, the variance and the last ``rank`` deviations are collected after each epoch of the last ``part`` of the
    training. The paper keeps a large constant learning rate there: with a small or annealed one the samples lie closely
    together. Statistics of batch norm would have to be computed anew on the training items for each sample; networks
    with batch norm are refused.

    Args:
        samples: S.
        rank: deviations kept, at least 2; memory is rank + 2 networks.
        part: share of the epochs, counted from the end, that are collected.
    """

    samples: int = 10
    rank: int = 10
    part: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("samples", self.samples, 1)
        at_least("rank", self.rank, 2)
        share("part", self.part)

    def check(self, module: Module) -> None:
        """Refuse batch norm with running statistics (code ``NeedsCapability``)."""
        norm = _torch().nn.modules.batchnorm._NormBase
        for name, part in module.named_modules():
            if isinstance(part, norm) and part.track_running_stats:
                raise ArgumentError(
                    f"SWAG cannot sample {type(module).__name__}: the statistics of {type(part).__name__} {name!r} belong "
                    "to one set of weights; use GroupNorm or LayerNorm, or another posterior (ensemble, snapshots, "
                    "laplace)",
                    code="NeedsCapability",
                )

    def watch(self) -> Watcher | None:
        """A collector of moments."""
        return SwagWatcher(self)

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """``swag.mean.<name>``, ``swag.variance.<name>`` and ``swag.deviations.<name>`` (rank first) by parameter."""
        watcher = fitted.watcher
        if not isinstance(watcher, SwagWatcher) or not watcher.count:
            watcher = SwagWatcher(self)
            watcher.on_epoch(fitted.modules[0], 0, 1)
        return watcher.tensors()

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s``, drawn from ``seed`` and ``s``."""
        torch = _torch()
        draw = torch.Generator().manual_seed(derive(seed, "swag", s))
        head = "swag.mean."
        names = sorted(k.removeprefix(head) for k in tensors if k.startswith(head))
        rank = len(tensors[f"swag.deviations.{names[0]}"])
        low = torch.randn(rank, generator=draw)
        sample = {}
        for name in names:
            mean, variance = tensors[head + name], tensors[f"swag.variance.{name}"]
            noise = torch.randn(mean.shape, generator=draw)
            along = torch.tensordot(low, tensors[f"swag.deviations.{name}"].clone(), dims=1)
            # equation 1
            sample[name] = mean + (variance / 2).sqrt() * noise + along / math.sqrt(2 * max(rank - 1, 1))
        return swapped(module, sample)


@dataclass
class SwagWatcher:
    """Running moments of the trained parameters.

    Args:
        plan: rank and part.
        count: epochs collected so far.
        mean: running mean by name.
        squares: sum of squared deviations from the mean (Welford), by name.
        deviations: the last ``rank`` differences from the running mean, by name.
    """

    plan: SWAG
    count: int = 0
    mean: dict[str, Any] = field(default_factory=dict)
    squares: dict[str, Any] = field(default_factory=dict)
    deviations: deque[dict[str, Any]] = field(default_factory=deque)

    def on_epoch(self, module: Module, epoch: int, epochs: int) -> None:
        """Collect the weights in the last part of the training."""
        if epoch < epochs - math.ceil(epochs * self.plan.part):
            return
        self.count += 1
        differences = {}
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            now = parameter.detach().to("cpu", _torch().float32, copy=True)
            mean = self.mean.setdefault(name, now * 0)
            before = now - mean
            mean += before / self.count
            differences[name] = now - mean
            self.squares[name] = self.squares.get(name, 0) + before * differences[name]
        self.deviations.append(differences)
        if len(self.deviations) > self.plan.rank:
            self.deviations.popleft()

    def tensors(self) -> dict[str, Tensor]:
        """What is kept."""
        torch = _torch()
        out = {}
        for name, mean in self.mean.items():
            out[f"swag.mean.{name}"] = mean.contiguous()
            out[f"swag.variance.{name}"] = (self.squares[name] / self.count).clamp_min(0).contiguous()
            out[f"swag.deviations.{name}"] = torch.stack([d[name] for d in self.deviations]).contiguous()
        return out
