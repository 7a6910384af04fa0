"""Forward passes over items: batches of any size, the layers asked for, nothing in the model changed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from querist.core.errors import DataError
from querist.core.large import Filled
from querist.core.optional import torch as _torch
from querist.core.types import Array
from querist.models.embedding import tapped
from querist.models.guard import untouched
from querist.training.inputs import Inputs
from querist.training.memory import with_smaller_batches
from querist.training.network import flat

__all__ = ["Scorer"]


class Scorer:
    """Runs a network over rows of a source.

    Args:
        inputs: the tensors of items.
        device: where the network runs.
        batch: items a pass; halved when memory runs out.
        to_cpu: whether the processor takes over when one item does not fit.
    """

    def __init__(self, inputs: Inputs, device: Any, batch: int, *, to_cpu: bool = True) -> None:
        self.inputs, self.device, self.batch, self.to_cpu = inputs, device, batch, to_cpu

    def run(
        self, module: Any, rows: Array, layers: frozenset[str | None] = frozenset()
    ) -> tuple[Any, dict[str | None, Array]]:
        """The outputs (N, O) on the processor, and what the named layers hold (N, D).

        Args:
            module: the network.
            rows: (N,) rows of the source.
            layers: names of layers whose output is wanted; None is the input of the last linear layer.

        Raises:
            DataError: NaN or infinite outputs (code ``BadScores``).
            ResourceError: out of memory with one item (code ``OutOfMemory``).
        """
        return with_smaller_batches(
            lambda batch, device: self._pass(module.to(device), rows, batch, device, layers),
            self.batch,
            self.device,
            to_cpu=self.to_cpu,
        )

    def _pass(
        self, module: Any, rows: Array, batch: int, device: Any, layers: frozenset[str | None]
    ) -> tuple[Any, dict[str | None, Array]]:
        torch = _torch()
        logits: list[Any] = []
        hidden = {layer: Filled(len(rows)) for layer in layers}
        try:
            with untouched(module), torch.inference_mode(), ExitStack() as stack:
                taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
                for start in range(0, max(len(rows), 1), batch):
                    outputs = module(self.inputs.take(rows[start : start + batch]).to(device))
                    logits.append(flat(outputs).float().cpu())
                    for layer, tap in taps.items():
                        hidden[layer].add(flat(tap.value).float().cpu().numpy())
        except BaseException:
            for filled in hidden.values():
                filled.drop()
            raise
        whole = torch.cat(logits)
        self.finite(module, whole, rows)
        return whole, {layer: filled.done() for layer, filled in hidden.items()}

    def finite(self, module: Any, outputs: Any, rows: Array) -> None:
        """Refuse NaN or infinite outputs (N, O) of rows (code ``BadScores``)."""
        bad = ~_torch().isfinite(outputs).all(dim=1)
        if bool(bad.any()):
            ids = [self.inputs.source.ids[int(r)] for r in rows[bad.numpy()][:3]]
            raise DataError(
                f"{type(module).__name__} gave NaN or infinite outputs for {int(bad.sum())} of {len(rows)} items, first "
                f"{', '.join(ids)}; check the inputs and the learning rate",
                code="BadScores",
            )
