"""HISTORY as losses: what each labelled item cost the network in the epochs of this training and the rounds before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.seeds import id_hashes
from querist.core.signals import HISTORY, Signal
from querist.core.types import Array, Items
from querist.models.stochastic.posterior import Watcher
from querist.training.heads import Head
from querist.training.net import Net
from querist.training.providers.base import Provider
from querist.training.weights import read_weights

__all__ = ["LossHistory"]


@dataclass(frozen=True)
class LossHistory(Provider):
    """The loss of each labelled item after ``steps`` epochs of each training, the last one included: (N, T), oldest first.

    It is recorded while the network trains, in evaluation mode, without weights or smoothing: in nats for classes, the
    squared error of standardised answers for numbers. Asking for it costs no pass. An item that had no label at a step has
    NaN there: so unlabelled items have nothing else, and only the view of labelled items takes it. The record of the
    rounds before is read from the model that the session hands to the fit; a session without artifacts keeps none.

    Args:
        steps: epochs of a training, evenly spread; fewer when there are fewer epochs.
        rounds: earlier trainings that are kept.
    """

    steps: int = 5
    rounds: int = 3
    name: ClassVar[str] = "losses"
    gives: ClassVar[Signal] = HISTORY

    def check(self, module: Any, head: Head, one: Any) -> None:
        """At least one step, and no negative number of rounds.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if self.steps < 1 or self.rounds < 0:
            raise ArgumentError(
                f"a history of losses has 1 step or more and 0 rounds or more, got {self.steps} and {self.rounds}",
                code="BadValue",
            )

    @property
    def outputs(self) -> int:
        """T, at most."""
        return self.steps * (self.rounds + 1)

    def watch(self) -> Watcher:
        """Takes the losses as the epochs go by."""
        return _Losses(self.steps)

    def finish(self, module: Any, watcher: Watcher | None, previous: Path | None) -> dict[str, Any]:
        """The record: hashes of the items (L,), losses (L, T), which of them are known, and each step's training (T,)."""
        assert isinstance(watcher, _Losses)
        torch = _torch()
        items, now = watcher.items, watcher.losses
        if not now:
            return {}
        before = _before(previous, self.name)
        fits = before["fits"].numpy() if before else np.zeros(0, dtype=np.int64)
        number = int(fits[-1]) + 1 if len(fits) else 0
        keep = np.flatnonzero(fits >= number - self.rounds)
        losses = np.zeros((len(items), len(keep) + len(now)), dtype=np.float32)
        known = np.zeros(losses.shape, dtype=np.bool_)
        if before:
            at, had = _places(before["items"].numpy(), items)
            losses[had, : len(keep)] = before["losses"].numpy()[at[had]][:, keep]
            known[had, : len(keep)] = before["known"].numpy()[at[had]][:, keep]
        losses[:, len(keep) :] = np.stack(now, axis=1)
        known[:, len(keep) :] = True
        steps = np.concatenate([fits[keep], np.full(len(now), number)])
        order = np.argsort(items, kind="stable")
        return {
            "items": torch.as_tensor(items[order]),
            "losses": torch.as_tensor(losses[order]),
            "known": torch.as_tensor(known[order]),
            "fits": torch.as_tensor(steps),
        }

    def compute(self, net: Net, rows: Array) -> Array:
        """(N, T); NaN where an item had no label."""
        kept = net.tensors.get(self.name, {})
        if not kept:
            raise ArgumentError(
                "no losses were recorded: a training by several processes records none; use processes=1",
                code="NeedsCapability",
            )
        at, had = _places(kept["items"].numpy(), _hashes(Items(net.scorer.inputs.source.ids, rows)))
        out = np.full((len(rows), kept["losses"].shape[1]), np.nan, dtype=np.float32)
        out[had] = np.where(kept["known"].numpy()[at[had]], kept["losses"].numpy()[at[had]], np.nan)
        return out


class _Losses:
    """Keeps the losses of all items after evenly spread epochs, the last one included."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.items: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.losses: list[Array] = []

    def on_epoch(self, module: Any, epoch: int, epochs: int) -> None:
        """A training begins anew when a smaller batch is tried."""
        if epoch == 0:
            self.losses = []

    def wants_losses(self, epoch: int, epochs: int) -> bool:
        """Whether a step is due."""
        count = min(self.steps, epochs)
        return epoch in {round((k + 1) * epochs / count) - 1 for k in range(count)}

    def on_losses(self, items: Any, losses: Array) -> None:
        """Take (L,) losses of the items with these ids."""
        self.items = _hashes(items)
        self.losses.append(np.asarray(losses, dtype=np.float32))


def _hashes(items: Any) -> NDArray[np.int64]:
    """(n,) a number for each id, by which a source that has grown still knows it."""
    return id_hashes(np.asarray(list(items))).view(np.int64) if len(items) else np.zeros(0, dtype=np.int64)


def _places(inside: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where wanted numbers stand in a rising array, and whether they do."""
    at = np.minimum(np.searchsorted(inside, wanted), len(inside) - 1)
    return at, inside[at] == wanted


def _before(previous: Path | None, name: str) -> Mapping[str, Any]:
    """The record kept with the model before."""
    if previous is None:
        return {}
    prefix = f"{name}::"
    tensors = read_weights(previous, "torch")[0]
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
