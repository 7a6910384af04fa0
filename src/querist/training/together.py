"""Several small networks of one architecture trained at once: one product of stacked matrices in place of many small ones.

Each network keeps its own first weights and its own order of the items, so that it becomes the network that it would have
become alone, up to rounding. Without dropout that is tested; dropout draws other masks.

Source: Lakshminarayanan, Pritzel and Blundell, 2017, for the ensemble; Horace He and Richard Zou, functorch, 2021, for
models stacked by ``torch.func``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.training.plan import optimizer_of, schedule_of, steps_of, with_class_weights
from querist.training.recipe import Recipe
from querist.training.training_run import TrainingRun

__all__ = ["reason_against", "train_together"]

_PLAIN: dict[str, object] = {
    "patience": None,
    "grad_clip": None,
    "sampling": None,
    "backbone_lr": 1.0,
    "accumulate": 1,
    "precision": "float32",
}
"""Settings that must be as they are by default."""


def reason_against(module: Any, recipe: Recipe) -> str | None:
    """Why networks like ``module`` cannot be trained together, in words; None where they can."""
    torch = _torch()
    for part in module.modules():
        if list(part.buffers(recurse=False)):
            return f"{type(part).__name__} keeps statistics"
        if isinstance(part, torch.nn.RNNBase):
            return f"{type(part).__name__} cannot be stacked"
    parameters = list(module.parameters())
    if not parameters or any(not p.requires_grad or p.dtype != torch.float32 for p in parameters):
        return "some weights are frozen, or no float32"
    if len(list(module.named_parameters(remove_duplicate=False))) != len(parameters):
        return "some weights are shared"
    odd = [name for name, plain in _PLAIN.items() if getattr(recipe, name) != plain]
    return f"the recipe sets {', '.join(odd)}" if odd else None


def train_together(modules: Sequence[Any], run: TrainingRun, seeds: Sequence[int]) -> None:
    """Train ``modules`` in place; afterwards they are in evaluation mode.

    Args:
        modules: K networks of one architecture with their first weights.
        run: examples, loss and settings; each network has a seed of its own instead of the run's.
        seeds: K seeds, one a network: of the order of its items.

    Raises:
        ArgumentError: they cannot be trained together (code ``NeedsCapability``).
    """
    torch, x, y, recipe = _torch(), run.x, run.y, run.recipe
    why = reason_against(modules[0], recipe)
    if why is not None:
        raise ArgumentError(
            f"these networks cannot be trained together: {why}; train them in turn", code="NeedsCapability"
        )
    base, count = modules[0], len(modules)
    named = list(base.named_parameters())
    names, shapes = [n for n, _ in named], [p.shape for _, p in named]
    sizes = [p.numel() for _, p in named]
    with torch.no_grad():
        rows = [torch.cat([p.detach().reshape(-1) for p in m.parameters()]) for m in modules]
    whole = torch.nn.Parameter(torch.stack(rows))
    whole.grad = torch.zeros_like(whole)

    def outputs(flat: Any, inputs: Any) -> Any:
        parts = torch.split(flat, sizes)
        return torch.func.functional_call(
            base, {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}, (inputs,)
        )

    every = torch.func.vmap(outputs, randomness="different")
    shares = with_class_weights(run.weights, y, recipe)
    steps = steps_of(base, len(x), run.batch, recipe, [])
    epochs = max(recipe.epochs, math.ceil(recipe.min_steps / max(len(steps), 1)))
    orders = [torch.Generator().manual_seed(derive(seed, "order")) for seed in seeds]
    optimizer = _fused(whole, recipe)
    schedule = schedule_of(optimizer, recipe, len(steps) * epochs)
    base.train()
    for _ in range(epochs):
        shuffled = torch.stack([torch.randperm(len(x), generator=order) for order in orders]).to(x.device)
        for start, stop in steps:
            at = shuffled[:, start:stop]
            told = every(whole, x.index_select(0, at.reshape(-1)).view(*at.shape, *x.shape[1:]))
            losses = run.head.losses(told.flatten(0, 1), y[at].flatten(0, 1), recipe.label_smoothing).view(count, -1)
            if shares is None:
                loss = losses.mean(dim=1).sum()
            else:
                own = shares[at]
                loss = ((losses * own).sum(dim=1) / own.sum(dim=1).clamp_min(1e-12)).sum()
            (whole.grad,) = torch.autograd.grad(loss, whole)
            optimizer.step()
            if schedule is not None:
                schedule.step()
    with torch.no_grad():
        for module, row in zip(modules, whole.detach(), strict=True):
            for parameter, part in zip(module.parameters(), torch.split(row, sizes), strict=True):
                parameter.copy_(part.view_as(parameter))
            module.eval()


def _fused(whole: Any, recipe: Recipe) -> Any:
    """The recipe's optimiser with one kernel a step, where there is one."""
    torch = _torch()
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if recipe.optimizer not in kinds:
        return optimizer_of([whole], recipe)
    return kinds[recipe.optimizer]([whole], lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)
