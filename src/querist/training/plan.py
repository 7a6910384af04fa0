"""What is settled before a training: batches, validation part, class weights, optimiser, learning rate over the steps."""

from __future__ import annotations

import math
from typing import Any

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.training.recipe import Recipe

__all__ = [
    "groups_of",
    "inverse_share",
    "optimizer_of",
    "portion_of",
    "schedule_of",
    "split",
    "steps_of",
    "with_class_weights",
]


def inverse_share(targets: Any) -> Any:
    """(L,) one over the share of each item's class, mean 1 over the items."""
    torch = _torch()
    classes = targets if targets.ndim == 1 else targets.argmax(dim=1)
    counts = torch.bincount(classes)
    inverse = 1.0 / counts[classes].float()
    return inverse * (len(inverse) / inverse.sum())


def with_class_weights(weights: Any, targets: Any, recipe: Recipe) -> Any:
    """The sample weights, times those of the classes where these are to weigh alike."""
    if recipe.class_weights is None or (targets.ndim == 1 and targets.is_floating_point()):
        return weights
    inverse = inverse_share(targets)
    return inverse if weights is None else weights * inverse


def split(n: int, recipe: Recipe, seed: int) -> tuple[Any, Any | None]:
    """Rows to train on, and rows to validate on when patience is asked for and there are enough labels."""
    torch = _torch()
    if recipe.patience is None:
        return torch.arange(n), None
    count = round(n * recipe.validation)
    if count < 1 or n - count < 1:
        return torch.arange(n), None
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(derive(seed, "validation")))
    return shuffled[count:], shuffled[:count]


def steps_of(module: Any, n: int, batch: int, recipe: Recipe, notes: list[str]) -> list[tuple[int, int]]:
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


def groups_of(steps: list[tuple[int, int]], together: int) -> list[tuple[int, int] | None]:
    """For each batch where those begin and end whose gradients are added up to one step; None for one alone."""
    if together == 1:
        return [None] * len(steps)
    first = [k - k % together for k in range(len(steps))]
    return [(steps[k][0], steps[min(k + together, len(steps)) - 1][1]) for k in first]


def portion_of(group: tuple[int, int] | None, start: int, stop: int, shares: Any) -> Any:
    """Share of a batch among its group, so that the sum over the group is the loss of one large batch."""
    if group is None:
        return None
    if shares is None:
        return (stop - start) / (group[1] - group[0])
    return shares[start:stop].sum() / shares[group[0] : group[1]].sum().clamp_min(1e-12)


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


def optimizer_of(parameters: list[Any], recipe: Recipe) -> Any:
    """The optimiser that a recipe names, over tensors or groups of them."""
    torch = _torch()
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "nadam": torch.optim.NAdam}
    return kinds[recipe.optimizer](parameters, lr=recipe.lr, weight_decay=recipe.weight_decay)


def schedule_of(optimizer: Any, recipe: Recipe, moves: int) -> Any:
    """Linear warm-up over its share of the moves, then as it is or along a cosine to zero; None for a constant rate."""
    if recipe.schedule is None and not recipe.warmup:
        return None
    rise = recipe.warmup * moves

    def factor(move: int) -> float:
        if move < rise:
            return (move + 1) / (rise + 1)
        if recipe.schedule is None:
            return 1.0
        return 0.5 * (1.0 + math.cos(math.pi * (move - rise) / max(moves - rise, 1.0)))

    return _torch().optim.lr_scheduler.LambdaLR(optimizer, factor)
