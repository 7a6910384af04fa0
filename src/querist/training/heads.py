"""Heads: what the outputs of a network mean, how they are trained, and which signals they give.

A network gives (N, O) numbers; a head says how many O are needed, what their loss is (of each item, with soft targets and
smoothing), and reads probabilities or predictions from them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.optional import torch as _torch
from querist.core.signals import MULTILABEL, PREDICTION, PROBS, Signal
from querist.core.types import Array
from querist.data.schema import MultiLabel, Number, Schema

__all__ = ["ClassHead", "Head", "LabelsHead", "NumberHead", "Scale", "head_for"]


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of the numbers trained on; networks learn standardised ones.

    Args:
        mean: of the answers.
        deviation: their standard deviation, never 0.
    """

    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def of(cls, numbers: Array) -> Scale:
        """Of answers (L,)."""
        return cls(float(np.mean(numbers)), float(np.std(numbers)) or 1.0)


class Head(ABC):
    """The base: one head a kind of answer. Heads are values and keep no state."""

    kind: ClassVar[str]
    """"single", "multi" or "number": which targets it takes."""

    provides: ClassVar[frozenset[Signal]]
    """Signals that `read` gives."""

    likelihood: ClassVar[bool] = True
    """Whether `losses` are those of softmax, sigmoids or a normal, as a posterior over the last layer takes for granted."""

    def width(self, schema: Schema) -> int:
        """Outputs that the network must have."""
        return 1 if isinstance(schema, Number) else len(schema.classes)  # type: ignore[attr-defined]

    def at(self, share: float) -> Head:
        """The head to train with when ``share`` of the training is done, from 0 to below 1; by default always itself."""
        return self

    @abstractmethod
    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """(n,) loss of each item from outputs (n, O) and targets as `encode` gives them."""

    @abstractmethod
    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """The named signals from outputs (N, O) on the processor."""

    def sample(self, outputs: Any, scale: Scale) -> Array:
        """What one posterior sample says: (n, C) probabilities, or (n,) numbers."""
        signal = PREDICTION if self.kind == "number" else PROBS
        return self.read(outputs, frozenset({signal}), scale)[signal]

    def encode(self, targets: Array, scale: Scale) -> Any:
        """Targets as a tensor: (L,) class numbers, (L, C) shares, or (L,) standardised numbers."""
        torch = _torch()
        if self.kind == "number":
            return torch.as_tensor((targets - scale.mean) / scale.deviation, dtype=torch.float32)
        return torch.as_tensor(targets, dtype=torch.int64 if targets.ndim == 1 else torch.float32)


class ClassHead(Head):
    """One class an item: softmax, cross entropy; class numbers or shares."""

    kind: ClassVar[str] = "single"
    provides: ClassVar[frozenset[Signal]] = frozenset({PROBS})

    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """Cross entropy in nats."""
        return _torch().nn.functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)

    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """`PROBS` (N, C)."""
        return {PROBS: np.asarray(outputs.softmax(dim=1).numpy())} if PROBS in names else {}


class LabelsHead(Head):
    """Several classes an item: a sigmoid each, binary cross entropy; 0/1 or shares."""

    kind: ClassVar[str] = "multi"
    provides: ClassVar[frozenset[Signal]] = frozenset({PROBS, MULTILABEL})

    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """Mean over the classes of the binary cross entropy in nats; smoothing draws targets towards one half."""
        softened = targets * (1.0 - smoothing) + 0.5 * smoothing if smoothing else targets
        f = _torch().nn.functional
        return f.binary_cross_entropy_with_logits(outputs, softened, reduction="none").mean(dim=1)

    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """`MULTILABEL` (N, K); `PROBS` is the same array, for those who evaluate."""
        wanted = names & self.provides
        return dict.fromkeys(wanted, np.asarray(outputs.sigmoid().numpy())) if wanted else {}


class NumberHead(Head):
    """A number an item: squared error of the standardised answer."""

    kind: ClassVar[str] = "number"
    provides: ClassVar[frozenset[Signal]] = frozenset({PREDICTION})

    def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
        """Squared error."""
        return (outputs.reshape(len(outputs), -1)[:, 0] - targets).square()

    def read(self, outputs: Any, names: frozenset[Signal], scale: Scale) -> dict[Signal, Array]:
        """`PREDICTION` (N,) in the units of the answers."""
        if PREDICTION not in names:
            return {}
        return {PREDICTION: outputs[:, 0].double().numpy() * scale.deviation + scale.mean}


_NAMED: dict[str, type[Head]] = {"classes": ClassHead, "labels": LabelsHead, "number": NumberHead}


def _more() -> dict[str, type[Head]]:
    """Heads of files that build on this one."""
    from querist.training.evidential_head import EvidentialHead
    from querist.training.normal_head import NormalHead

    return {"evidential": EvidentialHead, "normal": NormalHead}


def head_for(schema: Schema, head: Head | str | None = None) -> Head:
    """The head of a schema, or the one asked for by name.

    Raises:
        ArgumentError: no such head, or one for another kind of answer (code ``BadValue``).
    """
    kind = "number" if isinstance(schema, Number) else "multi" if isinstance(schema, MultiLabel) else "single"
    if head is None:
        head = {"number": "number", "multi": "labels", "single": "classes"}[kind]
    if isinstance(head, str):
        named = {**_NAMED, **_more()}
        if head not in named:
            raise ArgumentError(f"head must be one of {', '.join(named)}; got {head!r}", code="BadValue")
        head = named[head]()
    if not isinstance(head, Head):
        raise ArgumentTypeError(f"head must be a Head or the name of one; got {type(head).__name__}", code="BadLearner")
    if head.kind != kind:
        raise ArgumentError(
            f"{type(head).__name__} is for targets of kind {head.kind!r}, and the labels are of kind {kind!r} "
            f"({type(schema).__name__})",
            code="BadValue",
        )
    return head
