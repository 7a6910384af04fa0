"""The protocols between the rooms, on one page: this is the architecture.

Each port is small. Who implements it stands beside it; `querist.testing` holds a conformance suite for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from querist.core.signals import Context, Needs, Selection, Signal, View
from querist.core.types import Answer, Consensus, Event, FitReport, ItemId, Labels, Progress, Query, StopReason

__all__ = [
    "Aggregator",
    "Annotator",
    "Artifacts",
    "Learner",
    "Simulator",
    "StopRule",
    "Store",
    "Strategy",
    "TrainPlugin",
]


@runtime_checkable
class Learner(Protocol):
    """A model with its way of training (training/). It is built with its data source; one thread uses it at a time."""

    provides: frozenset[Signal]
    """What it can tell about items; known before any training."""

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train on ``labels``; all randomness is from ``seed``; ``previous``: the last saved model, for warm starts."""
        ...

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals of ``items``, in one pass where one suffices; nothing in model or caller is changed."""
        ...

    def save(self, folder: Path) -> None:
        """Write the fitted model into ``folder`` as safetensors and JSON; never pickle."""
        ...

    def load(self, folder: Path) -> None:
        """Take the model that `save` wrote; signals are then bitwise those of the saved model."""
        ...


@runtime_checkable
class Strategy(Protocol):
    """Chooses what to ask next (strategies/). A value: same context, same answer."""

    @property
    def needs(self) -> Needs:
        """Signals per role, capabilities and plug-in."""
        ...

    def select(self, ctx: Context, n: int) -> Selection:
        """Choose min(n, size of the pool) distinct rows of ``ctx.pool``, in order."""
        ...


@runtime_checkable
class Annotator(Protocol):
    """Answers queries by program (annotation/); people answer through ``Session.tell`` instead."""

    name: str

    def annotate(self, query: Query) -> Iterable[Answer]:
        """Answers for the items of ``query``, in any order; an item may stay without one."""
        ...


@runtime_checkable
class Aggregator(Protocol):
    """Turns several answers about an item into one consensus (annotation/aggregation/)."""

    def aggregate(self, answers: Sequence[Answer]) -> Mapping[ItemId, Consensus]:
        """A consensus for each item that was answered."""
        ...


@runtime_checkable
class StopRule(Protocol):
    """Says when to stop (session/rules/). It reads progress and keeps no state of its own."""

    def check(self, progress: Progress) -> StopReason | None:
        """A reason to stop now, or None to go on."""
        ...


@runtime_checkable
class Store(Protocol):
    """An append-only journal (storage/). One process writes; an append is durable when it returns."""

    def append(self, stream: str, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Add events in one transaction and return the last sequence number.

        Raises `StateError` (code ``Conflict``) when the stream does not end at ``expected``, and writes nothing then.
        """
        ...

    def read(self, stream: str, after: int = 0) -> Iterator[Event]:
        """The events of a stream with sequence numbers above ``after``, in order."""
        ...

    def close(self) -> None:
        """Give the lock and the file back."""
        ...


@runtime_checkable
class Artifacts(Protocol):
    """Keeps folders by the digest of their content (storage/): the weights of every round."""

    def put(self, folder: Path) -> str:
        """Keep a folder and return its digest; it is durable when this returns."""
        ...

    def has(self, digest: str) -> bool:
        """Whether a folder of this digest is kept."""
        ...

    def get(self, digest: str) -> Path:
        """The kept folder; raises `StateError` (code ``DigestMismatch``) when its content has changed."""
        ...


@runtime_checkable
class TrainPlugin(Protocol):
    """Changes how a learner trains and publishes signals (training/plugins/)."""

    publishes: frozenset[Signal]

    def modules(self) -> Mapping[str, Any]:
        """Modules trained beside the model, by name."""
        ...

    def loss(self, labelled: Any, unlabelled: Any | None, outputs: Any) -> Any:
        """What is added to the loss of a step."""
        ...

    def on_epoch(self, progress: Any) -> None:
        """Called after each epoch."""
        ...

    def state_dict(self) -> Mapping[str, Any]:
        """Tensors to be saved with the model."""
        ...


@runtime_checkable
class Simulator(Protocol):
    """A fully labelled replay of the loop, for policies that learn to ask."""

    def reset(self, seed: int) -> Context:
        """Start an episode."""
        ...

    def step(self, selection: Selection) -> tuple[Context, float, bool]:
        """Label the selection: the next context, the reward, and whether the episode is over."""
        ...
