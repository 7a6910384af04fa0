"""The loop of all pre-training: the items it is given, a task, Adam along a cosine; the result is kept by its key."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from querist.core.errors import DataError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.types import Array
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.embedding import tapped
from querist.models.guard import rng_kept
from querist.training.inputs import Inputs
from querist.training.memory import with_smaller_batches
from querist.training.network import flat, maker
from querist.training.pretraining.encoder import Encoder
from querist.training.pretraining.kept import checked, cuts, keep
from querist.training.pretraining.task import PretrainingTask
from querist.training.weights import state_digest

__all__ = ["pretrain"]

_SEEN = 2048


def pretrain(
    source: Source,
    module: Any,
    task: PretrainingTask,
    *,
    rows: Array,
    epochs: int = 20,
    batch: int = 256,
    lr: float = 1e-3,
    layer: str | None = None,
    seed: int = 0,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    device: str = "auto",
    transform: Callable[[Any], Any] | None = None,
    cores: int | None = None,
    cpu_fallback: bool = True,
) -> Encoder:
    """Train a network on items without looking at a label.

    Args:
        source: the items; ``uint8`` arrays are divided by 255, as `TorchLearner` does.
        module: a network, or a function that makes it: the one that is to be trained on labels later, with its head, or
            a trunk without. A network given is not changed: a copy is trained, from the weights that it has.
        task: `SimCLR` or `Autoencoder`, or one of your own.
        rows: (M,) rows of the source that may be looked at: those of the pool, never those of the test items.
        epochs: passes over the rows.
        batch: items a step.
        lr: learning rate at the start of the cosine.
        layer: submodule whose output is the embedding; None takes the input of the last linear layer.
        seed: all randomness is from it.
        cache: folder that keeps encoders by source, rows, network, task and settings; the same call again reads it.
        progress: called with the epochs done and their number after each epoch.
        device: auto, cpu, cuda, cuda:N or mps.
        transform: turns a batch of the source into a tensor; for sources that are not numbers. The cache knows its name
            only.
        cores: threads of the processor; None leaves them as they are.
        cpu_fallback: whether the processor takes over when the device has no memory for the smallest batch.

    Raises:
        ArgumentError: too few rows for the task, or numbers out of range (code ``BadValue``), no embedding layer
            (``NeedsCapability``), inputs that the task cannot take (``ShapeMismatch``).
        DataError: the loss is no longer finite (code ``BadScores``).
    """
    rows = checked(source, rows, task.name, task.least, epochs, batch, lr)
    inputs = Inputs(source, transform)
    with rng_kept(derive(seed, "pretrain", "weights")):
        fresh = maker(module)()
    key = _key(source, rows, fresh, task, (epochs, batch, lr, layer, seed, getattr(transform, "__qualname__", None)))
    folder = None if cache is None else cache / f"encoder-{task.name}-{key}"
    if folder is not None and folder.exists():
        return Encoder.load(folder, lambda: fresh, transform=transform)
    first = fresh.state_dict()
    begin = {k: v.detach().clone() for k, v in first.items()}

    def work(size: int, where: Any) -> tuple[float, ...]:
        fresh.load_state_dict(begin)
        with rng_kept(derive(seed, "pretrain", "steps")), threads(cores):
            return _train(
                fresh.to(where), inputs, rows, task, (epochs, max(size, task.least), lr), layer, where, progress
            )

    losses = with_smaller_batches(work, batch, choose_device(device), to_cpu=cpu_fallback)
    encoder = Encoder(fresh, task.name, layer=layer, losses=losses, transform=transform)
    if folder is not None:
        keep(encoder.save, folder)
    return encoder


def _train(
    module: Any,
    inputs: Inputs,
    rows: Array,
    task: PretrainingTask,
    settings: tuple[int, int, float],
    layer: str | None,
    device: Any,
    progress: Callable[[int, int], None] | None,
) -> tuple[float, ...]:
    """Train in place; mean loss of each epoch."""
    torch = _torch()
    epochs, batch, lr = settings
    some = inputs.take(rows[torch.randperm(len(rows))[:_SEEN].numpy()]).to(device)
    with tapped(module, layer, keep=True) as tap:

        def encode(x: Any) -> Any:
            module(x)
            return flat(tap.value)

        module.eval()
        with torch.no_grad():
            width = encode(some[:1]).shape[1]
        module.train()
        helper = task.helper(width, some).to(device).train()
        parameters = [p for p in (*module.parameters(), *helper.parameters()) if p.requires_grad]
        optimizer = torch.optim.Adam(parameters, lr=lr)
        parts = cuts(len(rows), batch, max(task.least, 2))
        total, done, means = epochs * len(parts), 0, []
        for epoch in range(epochs):
            order = rows[torch.randperm(len(rows)).numpy()]
            losses = []
            for start, stop in parts:
                optimizer.param_groups[0]["lr"] = lr * 0.5 * (1.0 + math.cos(math.pi * done / total))
                optimizer.zero_grad(set_to_none=True)
                loss = task.loss(encode, helper, inputs.take(order[start:stop]).to(device))
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
                done += 1
            means.append(float(torch.stack(losses).mean()))
            if not math.isfinite(means[-1]):
                raise DataError(
                    f"the loss of {task.name} became {means[-1]} in epoch {epoch + 1} with lr={lr}; use a smaller "
                    "learning rate, and look for very large inputs",
                    code="BadScores",
                )
            if progress is not None:
                progress(epoch + 1, epochs)
    for p in module.parameters():
        p.grad = None
    return tuple(means)


def _key(source: Source, rows: Array, fresh: Any, task: PretrainingTask, settings: tuple[Any, ...]) -> str:
    """Digest of all that decides the weights: the network counts by its first weights and its text."""
    h = hashlib.blake2b(digest_size=16)
    h.update(source.digest.encode())
    h.update(rows.tobytes())
    h.update(state_digest(fresh.state_dict()).encode())
    h.update(repr((str(fresh), task, settings)).encode("utf-8", "surrogatepass"))
    return h.hexdigest()
