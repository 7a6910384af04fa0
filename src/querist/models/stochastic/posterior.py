"""What a kind of posterior samples is, and what training leaves behind for it.

A posterior turns one or several trained networks into S samples of a function. A sample is one function for all items:
`Posterior.member` puts it in place, the learner scores with it in batches of any size, and on leaving the network is as
it was before. What a posterior keeps beside the weights is a flat mapping of names to tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["Fitted", "HeadPosterior", "LossWatcher", "Posterior", "Watcher"]


@runtime_checkable
class Watcher(Protocol):
    """Looks on while a network trains."""

    def on_epoch(self, module: Module, epoch: int, epochs: int) -> None:
        """Called after epoch ``epoch`` (from 0) of ``epochs``; it may copy weights and must change nothing."""
        ...


@runtime_checkable
class LossWatcher(Watcher, Protocol):
    """Looks at the losses of the labelled items as well."""

    def wants_losses(self, epoch: int, epochs: int) -> bool:
        """Whether they are to be computed after epoch ``epoch`` (from 0) of ``epochs``."""
        ...

    def on_losses(self, items: Any, losses: Any) -> None:
        """Called where they are wanted: (L,) ids, and an array (L,) of losses in evaluation mode without weights."""
        ...


@dataclass(frozen=True)
class Fitted:
    """What a fit leaves behind.

    Args:
        modules: the networks trained, in evaluation mode; the first is the learner's own.
        watcher: what `Posterior.watch` gave for this fit, or None.
        hidden: (L, D) inputs of the last linear layer for the labelled items, in evaluation mode.
        targets: (L, C) class shares or 0/1 labels, or (L,) standardised numbers.
        weights: (L,) weights of the items, or None.
        head: name of the last linear layer.
        kind: "single", "multi" or "number".
        seed: of the fit.
    """

    modules: Sequence[Module]
    watcher: Watcher | None
    hidden: Tensor
    targets: Tensor
    weights: Tensor | None
    head: str
    kind: str
    seed: int


@runtime_checkable
class Posterior(Protocol):
    """A way to posterior samples; values, so frozen dataclasses implement it.

    Where one sample is the learner's own network, an attribute ``own`` gives its number: no pass is then made for it alone.
    """

    @property
    def samples(self) -> int:
        """S, the number of members."""
        ...

    @property
    def networks(self) -> int:
        """Networks trained in one fit: 1, or n of an ensemble."""
        ...

    @property
    def mean(self) -> bool:
        """Whether the predictive probabilities are the mean over the members, or the network's own (MC dropout)."""
        ...

    def check(self, module: Module) -> None:
        """Refuse a network that cannot do it, by name."""
        ...

    def watch(self) -> Watcher | None:
        """A fresh collector for one fit, or None where none is needed."""
        ...

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """What is kept with the weights, saved under these names; contiguous tensors on the CPU."""
        ...

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Inside, ``module(x)`` is sample ``s``, the same for every item; afterwards ``module`` is as before.

        Args:
            module: the learner's own network, in evaluation mode.
            tensors: what `finish` gave.
            s: number of the sample, from 0.
            seed: of the fit; a posterior derives its draws from it and ``s``.
        """
        ...


@runtime_checkable
class HeadPosterior(Posterior, Protocol):
    """Samples that differ in the last linear layer alone, which gives the output: one pass serves all of them."""

    def heads(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """Weights (C, D) and bias (C,) of the last linear layer in sample ``s``, on the CPU; see `Posterior.member`."""
        ...
