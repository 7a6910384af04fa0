"""Training on a whole graph: all nodes pass through the network in each step, labelled ones make the loss."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.training.flat import flattened
from querist.training.plan import optimizer_of, schedule_of, with_class_weights
from querist.training.recipe import Recipe

__all__ = ["cross_entropy", "train_on_graph"]


def cross_entropy(logits: Any, targets: Any, weights: Any, smoothing: float = 0.0) -> Any:
    """Weighted mean of the cross entropy of class numbers or soft targets; 0 where nothing weighs anything."""
    losses = _torch().nn.functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    return losses.mean() if weights is None else (losses * weights).sum() / weights.sum().clamp_min(1e-12)


def train_on_graph(module: Any, forward: Callable[[Any], Any], y: Any, weights: Any, recipe: Recipe, seed: int) -> int:
    """Train ``module`` in place, one step an epoch, and give back how many epochs it took.

    With `Recipe.patience` a share of the labels, drawn by the seed, is set aside, and the weights of the epoch with the
    least loss on them are kept.

    Args:
        module: the network, on its device.
        forward: from (l,) places among the labels to their logits (l, C).
        y: (L,) class numbers or (L, C) soft targets.
        weights: (L,) sample weights, or None.
        recipe: the settings.
        seed: of the part set aside.
    """
    torch = _torch()
    own, held = _aside(len(y), recipe, seed, y.device)
    epochs = max(recipe.epochs, recipe.min_steps)
    balanced = with_class_weights(weights, y, recipe)
    best, best_state, waited, done = math.inf, None, 0, 0
    with flattened(module) as (parameters, clear):
        optimizer = optimizer_of(parameters, recipe)
        schedule = schedule_of(optimizer, recipe, epochs)
        while done < epochs:
            done += 1
            module.train()
            clear()
            loss = cross_entropy(forward(own), y[own], _some(balanced, own), recipe.label_smoothing)
            loss.backward()
            if recipe.grad_clip is not None:
                torch.nn.utils.clip_grad_norm_(parameters, recipe.grad_clip)
            optimizer.step()
            if schedule is not None:
                schedule.step()
            if held is None:
                continue
            module.eval()
            with torch.no_grad():
                now = float(cross_entropy(forward(held), y[held], _some(weights, held)))
            if now < best - 1e-6:
                best, best_state, waited = now, copy.deepcopy(module.state_dict()), 0
            else:
                waited += 1
            if waited >= (recipe.patience or math.inf):
                break
        if best_state is not None:
            module.load_state_dict(best_state)
    module.eval()
    return done


def _some(weights: Any, rows: Any) -> Any:
    return None if weights is None else weights[rows]


def _aside(n: int, recipe: Recipe, seed: int, device: Any) -> tuple[Any, Any | None]:
    """Places to train on, and places to validate on where patience is asked for and there are enough labels."""
    torch = _torch()
    count = 0 if recipe.patience is None else round(n * recipe.validation)
    if count < 1 or n - count < 1:
        return torch.arange(n, device=device), None
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(derive(seed, "validation"))).to(device)
    return shuffled[count:], shuffled[:count]
