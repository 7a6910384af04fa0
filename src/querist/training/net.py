"""A trained network as providers of signals see it: outputs, probabilities, layers, all in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist.core.types import Array
from querist.training.heads import Head, Scale
from querist.training.scoring import Scorer

__all__ = ["Net"]


@dataclass(frozen=True)
class Net:
    """A trained network and what is needed to score with it.

    Args:
        module: the network, in evaluation mode.
        scorer: runs it over rows.
        head: what its outputs mean.
        scale: of the numbers trained on.
        outputs: outputs that the label schema asks for now; more than the network has after a class was added.
        seed: of the fit.
        tensors: what is kept beside the weights, by the name of who keeps it.
        passed: (N, O) outputs of the network for the rows that are asked about, where its pass was made already.
    """

    module: Any
    scorer: Scorer
    head: Head
    scale: Scale
    outputs: int
    seed: int
    tensors: Mapping[str, Mapping[str, Any]]
    passed: Any = None

    def said(self, logits: Any) -> Array:
        """What outputs (N, O) say: (N, C) probabilities, 0 for a class that the network does not know, or (N,) numbers."""
        value = self.head.sample(logits, self.scale)
        missing = 0 if self.head.kind == "number" else self.outputs - value.shape[1]
        return np.pad(value, ((0, 0), (0, missing))) if missing > 0 else value

    def predicted(self, rows: Array, module: Any = None) -> Array:
        """What the network, or another in its place, says about rows of the source."""
        return self.said(self.scorer.run(self.module if module is None else module, rows)[0])

    def now(self, rows: Array) -> Array:
        """What the network as it is says about the rows that are asked about; a pass that was made is not made again."""
        return self.predicted(rows) if self.passed is None else self.said(self.passed)
