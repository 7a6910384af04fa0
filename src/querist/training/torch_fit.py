"""The training loop of networks: tensors on the device once, steps by index, nothing global read or moved."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.training.flat import flattened
from querist.training.recipe import Recipe

__all__ = ["Task", "train"]


@dataclass(frozen=True)
class Task:
    """What the outputs mean.

    Args:
        kind: "single" (cross entropy; class numbers or soft targets), "multi" (binary cross entropy) or "number" (MSE).
    """

    kind: str

    def losses(self, outputs: Any, targets: Any, smoothing: float) -> Any:
        """Loss of each item: (n,)."""
        f = _torch().nn.functional
        if self.kind == "single":
            return f.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)
        if self.kind == "multi":
            return f.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(dim=1)
        return (outputs.reshape(len(outputs), -1)[:, 0] - targets).square()


def train(
    module: Any,
    x: Any,
    y: Any,
    weights: Any,
    task: Task,
    recipe: Recipe,
    seed: int,
    batch: int,
    validation: tuple[Any, Any] | None = None,
) -> list[str]:
    """Train ``module`` in place; give back notes worth the user's eye.

    Args:
        module: the network, on its device.
        x: (L, ...) inputs on the device.
        y: (L,) or (L, C) targets on the device.
        weights: (L,) sample weights, or None.
        task: what the outputs mean.
        recipe: the settings.
        seed: of the order of the items and of the validation part.
        batch: items a step (`Recipe.batch_size`, or less after running out of memory).
        validation: inputs and targets to validate on when patience is asked for; by default a share of the labels.
    """
    notes: list[str] = []
    with flattened(module) as (parameters, clear):
        _loop(module, x, y, weights, task, recipe, seed, batch, notes, parameters, clear, validation)
    module.eval()
    return notes


def _loop(
    module: Any,
    x: Any,
    y: Any,
    weights: Any,
    task: Task,
    recipe: Recipe,
    seed: int,
    batch: int,
    notes: list[str],
    parameters: list[Any],
    clear: Callable[[], Any],
    validation: tuple[Any, Any] | None,
) -> None:
    torch = _torch()
    order = torch.Generator().manual_seed(derive(seed, "order"))
    held = validation
    if held is not None:
        rows = torch.arange(len(x))
    else:
        rows, own = _split(len(x), recipe, seed)
        held = None if own is None else (x[own], y[own])
    steps = _steps(module, len(rows), batch, recipe, notes)
    epochs = max(recipe.epochs, math.ceil(recipe.min_steps / max(len(steps), 1)))
    optimizer = _optimizer(parameters, recipe)
    schedule = None
    if recipe.schedule == "cosine":
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(steps))
    best, best_state, waited = math.inf, None, 0
    module.train()
    for _ in range(epochs):
        shuffled = rows[torch.randperm(len(rows), generator=order)].to(x.device)
        inputs, targets = x[shuffled], y[shuffled]  # once an epoch: a step then takes a slice, which is free
        for start, stop in steps:
            losses = task.losses(module(inputs[start:stop]), targets[start:stop], recipe.label_smoothing)
            if weights is None:
                loss = losses.mean()
            else:
                share = weights[shuffled[start:stop]]
                loss = (losses * share).sum() / share.sum().clamp_min(1e-12)  # a batch may weigh nothing
            clear()
            loss.backward()
            if recipe.grad_clip is not None:
                torch.nn.utils.clip_grad_norm_(parameters, recipe.grad_clip)
            optimizer.step()
            if schedule is not None:
                schedule.step()
        if recipe.patience is None or held is None:
            continue
        now = _validate(module, held, task)
        if now < best - 1e-6:
            best, best_state, waited = now, copy.deepcopy(module.state_dict()), 0
        else:
            waited += 1
            if waited >= recipe.patience:
                break
    if best_state is not None:
        module.load_state_dict(best_state)


def _split(n: int, recipe: Recipe, seed: int) -> tuple[Any, Any | None]:
    """Rows to train on, and rows to validate on when patience is asked for and there are enough labels."""
    torch = _torch()
    if recipe.patience is None:
        return torch.arange(n), None
    count = round(n * recipe.validation)
    if count < 1 or n - count < 1:
        return torch.arange(n), None
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(derive(seed, "validation")))
    return shuffled[count:], shuffled[:count]


def _steps(module: Any, n: int, batch: int, recipe: Recipe, notes: list[str]) -> list[tuple[int, int]]:
    """Where each batch of an epoch starts and stops; a leftover of one is merged where batch norm could not take it."""
    batch = min(batch, n)
    norm = _has_batch_norm(module)
    if norm and batch == 1 < n:
        batch = 2
        notes.append("batch norm cannot take a batch of one: batches have 2 items")
    steps = [(start, min(start + batch, n)) for start in range(0, n, batch)]
    last = steps[-1][1] - steps[-1][0]
    if recipe.drop_last and len(steps) > 1 and last < batch:
        return steps[:-1]
    if last == 1 and norm:
        if len(steps) > 1:
            steps = [*steps[:-2], (steps[-2][0], n)]
            notes.append(f"batch norm cannot take a batch of one: the last batches have {batch + 1} items")
        else:
            _freeze_batch_norm(module)
            notes.append("one label only: batch norm keeps its first statistics")
    return steps


def _has_batch_norm(module: Any) -> bool:
    norm = _torch().nn.modules.batchnorm._BatchNorm
    return any(isinstance(part, norm) for part in module.modules())


def _freeze_batch_norm(module: Any) -> None:
    """Batch norm layers stay in evaluation mode, also when the network is switched to training."""
    norm = _torch().nn.modules.batchnorm._BatchNorm
    for part in module.modules():
        if isinstance(part, norm):
            part.train = lambda mode=True, _part=part: _part
            part.training = False


def _optimizer(parameters: list[Any], recipe: Recipe) -> Any:
    torch = _torch()
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "nadam": torch.optim.NAdam}
    return kinds[recipe.optimizer](parameters, lr=recipe.lr, weight_decay=recipe.weight_decay)


def _validate(module: Any, held: tuple[Any, Any], task: Task) -> float:
    torch = _torch()
    module.eval()
    with torch.no_grad():
        value = float(task.losses(module(held[0]), held[1], 0.0).mean())
    module.train()
    return value
