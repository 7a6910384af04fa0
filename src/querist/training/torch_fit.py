"""The training loop of networks: tensors on the device once, steps by index, nothing global read or moved."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept, untouched
from querist.models.stochastic.posterior import LossWatcher, Watcher
from querist.training.curriculum import Curriculum
from querist.training.early_stopping import EarlyStopping
from querist.training.flat import flattened
from querist.training.network import flat
from querist.training.plan import (
    groups_of,
    inverse_share,
    optimizer_of,
    portion_of,
    schedule_of,
    split,
    steps_of,
    with_class_weights,
)
from querist.training.plugins.base import Batch, FitProgress, Forward, Outputs, Plugin
from querist.training.training_run import TrainingRun

__all__ = ["Extras", "train"]


@dataclass(frozen=True)
class Extras:
    """What may take part in a training beside the network.

    Args:
        watchers: look on after each epoch.
        plugins: add losses and train modules of their own.
        unlabelled: gives (n, ...) unlabelled inputs on the device, drawn by a generator; needed by some plug-ins; None
            where there are none.
        curriculum: weighs the items anew each epoch.
        items: (L,) ids of the items, for the curriculum.
        shard: number of this process and how many there are; each takes its share of every batch.
    """

    watchers: Sequence[Watcher] = ()
    plugins: Sequence[Plugin] = ()
    unlabelled: Callable[[int, Any], Any] | None = None
    curriculum: Curriculum | None = None
    items: Any = ()
    shard: tuple[int, int] = (0, 1)


_NONE = Extras()


def train(module: Any, run: TrainingRun, extras: Extras = _NONE) -> list[str]:
    """Train ``module`` in place; give back notes worth the user's eye.

    Args:
        module: the network, on its device.
        run: examples, on the same device, loss and settings.
        extras: what else takes part.
    """
    fit = _Fit(module, run, extras)
    with fit.parameters() as (parameters, clear):
        fit.loop(parameters, clear)
    module.eval()
    return fit.notes


class _Fit:
    """One training under way: its network, its examples, and the notes it makes."""

    def __init__(self, module: Any, run: TrainingRun, extras: Extras) -> None:
        self.module, self.run, self.extras = module, run, extras
        self.x, self.y, self.head, self.recipe, self.seed = run.x, run.y, run.head, run.recipe, run.seed
        self.notes: list[str] = []
        self.weights = with_class_weights(run.weights, run.y, run.recipe)
        self.layers = frozenset().union(*(p.layers for p in extras.plugins)) if extras.plugins else frozenset()

    @contextmanager
    def parameters(self) -> Iterator[tuple[list[Any], Callable[[], Any]]]:
        """What the optimiser steps, and how its gradients are cleared."""
        if self.recipe.backbone_lr == 1.0 and self.extras.shard[1] == 1:
            with flattened(self.module) as (parameters, clear):
                yield parameters, clear
            return
        name = last_linear(self.module)
        top = {id(p) for p in self.module.get_submodule(name).parameters()} if name is not None else set()
        trained = [p for p in self.module.parameters() if p.requires_grad]
        groups: list[Any] = [
            {"params": [p for p in trained if id(p) in top], "lr": self.recipe.lr},
            {"params": [p for p in trained if id(p) not in top], "lr": self.recipe.lr * self.recipe.backbone_lr},
        ]
        yield [g for g in groups if g["params"]], lambda: self.module.zero_grad(set_to_none=True)

    def loop(self, parameters: list[Any], clear: Callable[[], Any]) -> None:
        """Epoch after epoch."""
        torch, recipe = _torch(), self.recipe
        order = torch.Generator().manual_seed(derive(self.seed, "order"))
        held = self.run.validation
        if held is not None:
            rows = torch.arange(len(self.x))
        else:
            rows, own = split(len(self.x), recipe, self.seed)
            held = None if own is None else (self.x[own], self.y[own])
        steps = steps_of(self.module, len(rows), self.run.batch, recipe, self.notes)
        groups = groups_of(steps, recipe.accumulate)
        moving = [groups[k] is None or k + 1 == len(steps) or groups[k] != groups[k + 1] for k in range(len(steps))]
        epochs = max(recipe.epochs, math.ceil(recipe.min_steps / max(sum(moving), 1)))
        optimizer = optimizer_of(parameters, recipe)
        schedule = schedule_of(optimizer, recipe, sum(moving) * epochs)
        stepper = _Stepper(self, optimizer, schedule, parameters, clear, order, epochs * len(steps))
        stopping = None if recipe.patience is None or held is None else EarlyStopping(recipe.patience, self._state)
        self.module.train()
        for epoch in range(epochs):
            shuffled = self._order(rows, order)
            weights = self._weights_of(epoch / epochs, rows)
            inputs, targets = self.x[shuffled], self.y[shuffled]  # once an epoch: a step takes a slice, which is free
            shares = None if weights is None else weights[shuffled]
            for number, (start, stop) in enumerate(steps):
                part = Batch(inputs[start:stop], targets[start:stop], None if shares is None else shares[start:stop])
                stepper.step(part, moves=moving[number], portion=portion_of(groups[number], start, stop, shares))
            for watcher in self.extras.watchers:
                watcher.on_epoch(self.module, epoch, epochs)
            for plugin in self.extras.plugins:
                with rng_kept(derive(self.seed, "plugin", plugin.name, "epoch", epoch)):
                    plugin.on_epoch(FitProgress(epoch, epochs, self.module))
            self._show_losses(epoch, epochs)
            if stopping is not None and held is not None and stopping.stops(float(self._losses(*held).mean())):
                break
        if stopping is not None and stopping.state is not None:
            network, beside = stopping.state
            self.module.load_state_dict(network)
            for plugin, state in zip(self.extras.plugins, beside, strict=True):
                plugin.load_state_dict(state)

    def _show_losses(self, epoch: int, epochs: int) -> None:
        """To those who look on and want to see them."""
        wanting = [w for w in self.extras.watchers if isinstance(w, LossWatcher) and w.wants_losses(epoch, epochs)]
        losses = self._losses(self.x, self.y).float().cpu().numpy() if wanting else None
        for watcher in wanting:
            watcher.on_losses(self.extras.items, losses)

    def _state(self) -> tuple[Any, list[Any]]:
        """A copy of the network's state, and of the plug-ins'."""
        beside = [copy.deepcopy(p.state_dict()) for p in self.extras.plugins]
        return copy.deepcopy(self.module.state_dict()), beside

    def _order(self, rows: Any, order: Any) -> Any:
        """The rows of an epoch: a permutation, or draws in which each class comes up equally often."""
        torch = _torch()
        if self.recipe.sampling is None or self.head.kind != "single":
            return rows[torch.randperm(len(rows), generator=order)].to(self.x.device)
        share = inverse_share(self.y)[rows.to(self.y.device)].cpu()
        return rows[torch.multinomial(share, len(rows), replacement=True, generator=order)].to(self.x.device)

    def _weights_of(self, share: float, rows: Any) -> Any:
        """(L,) weights in the epoch that begins, or None where all count alike."""
        curriculum = self.extras.curriculum
        if curriculum is None:
            return self.weights
        at, items = rows.to(self.x.device), self.extras.items
        losses = self._losses(self.x[at], self.y[at]).cpu().numpy() if curriculum.needs_losses else None
        if len(rows) < len(self.x):  # what is validated on has no part in it
            items = [items[int(row)] for row in rows]
        now = _torch().zeros(len(self.x), device=self.x.device)
        now[at] = _torch().as_tensor(curriculum.weigh(share, losses, items), dtype=now.dtype, device=now.device)
        return now if self.weights is None else self.weights * now

    def _losses(self, x: Any, y: Any) -> Any:
        """(n,) losses in evaluation mode."""
        torch = _torch()
        self.module.eval()
        with torch.no_grad():
            parts = [
                self.head.losses(self.module(x[i : i + 1024]), y[i : i + 1024], 0.0) for i in range(0, len(x), 1024)
            ]
        self.module.train()
        return torch.cat(parts)


class _Stepper:
    """Makes the steps of a training: forward, losses, backward, and the plug-ins' share in each."""

    def __init__(
        self, fit: _Fit, optimizer: Any, schedule: Any, parameters: list[Any], clear: Any, order: Any, total: int
    ) -> None:
        torch, recipe = _torch(), fit.recipe
        self.fit, self.optimizer, self.schedule, self.clear = fit, optimizer, schedule, clear
        self.parameters = [p for g in parameters for p in (g["params"] if isinstance(g, dict) else [g])]
        self.order, self.total, self.done = order, total, 0
        self.plugins = fit.extras.plugins
        self.unlabelled = fit.extras.unlabelled if any(p.unlabelled for p in self.plugins) else None
        self.draws = torch.Generator().manual_seed(derive(fit.seed, "unlabelled"))
        kind = fit.x.device.type
        half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(recipe.precision)
        self.cast: Callable[[], Any] = nullcontext if half is None else (lambda: torch.autocast(kind, dtype=half))
        self.scaler = torch.amp.GradScaler(kind) if half is torch.float16 and kind == "cuda" else None
        self.fresh = True

    def step(self, part: Batch, *, moves: bool, portion: Any) -> None:
        """Forward and backward of a batch.

        Args:
            part: the items.
            moves: whether the optimiser moves afterwards.
            portion: what the batch counts among those whose gradients are added up; None for one alone.
        """
        fit, recipe = self.fit, self.fit.recipe
        whole = part
        if fit.extras.shard[1] > 1:
            part = _share(part, fit.extras.shard)
        with self.cast():
            labelled = self._forward(part.inputs)
            head = fit.head.at(self.done / max(self.total, 1))
            losses = head.losses(labelled.logits, part.targets, recipe.label_smoothing)
            if part.weights is None:
                loss = losses.mean()
            else:
                loss = (losses * part.weights).sum() / part.weights.sum().clamp_min(1e-12)  # a batch may weigh nothing
            if len(part.inputs) < len(whole.inputs):  # the mean over the processes is then the mean over the batch
                loss = loss * _weight_of(part) * fit.extras.shard[1] / _weight_of(whole)
            other, outputs = None, None
            if self.plugins:
                loss, other, outputs = self._plugged(loss, part, labelled, losses)
        if self.fresh:
            self.clear()
            for plugin in self.plugins:
                plugin.clear()
        if portion is not None:
            loss = loss * portion
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        self.fresh = moves
        if moves:
            self._move()
        if outputs is not None:
            self._after(part, other, outputs)
        self.done += 1

    def _after(self, part: Batch, other: Batch | None, outputs: Outputs) -> None:
        """The plug-ins' turn; those that only look on are shown the network in evaluation mode."""
        shown = outputs
        if any(p.onlooker for p in self.plugins):
            with untouched(self.fit.module), _torch().no_grad():
                seen = None if other is None else self._forward(other.inputs)
                shown = Outputs(self._forward(part.inputs), seen, outputs.losses.detach(), outputs.share)
        for plugin in self.plugins:
            with self._own(plugin.name, "after"):
                plugin.after_step(part, other, shown if plugin.onlooker else outputs)

    def _own(self, *names: str) -> Any:
        """Draws inside are of a stream of their own: the network draws as it would without them."""
        return rng_kept(derive(self.fit.seed, "plugin", *names, self.done))

    def _move(self) -> None:
        recipe = self.fit.recipe
        if recipe.grad_clip is not None:
            if self.scaler is not None:
                self.scaler.unscale_(self.optimizer)
            _torch().nn.utils.clip_grad_norm_(self.parameters, recipe.grad_clip)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
        for plugin in self.plugins:
            plugin.step(self.scaler)
        if self.scaler is not None:
            self.scaler.update()
        if self.schedule is not None:
            self.schedule.step()

    def _forward(self, inputs: Any) -> Forward:
        """The outputs, and what the layers hold that plug-ins look at."""
        module, layers = self.fit.module, self.fit.layers
        if not layers:
            return Forward(module(inputs).float(), {})  # losses are taken in full precision
        with ExitStack() as stack:
            taps = {layer: stack.enter_context(tapped(module, layer, keep=True)) for layer in layers}
            logits = module(inputs).float()
            return Forward(logits, {layer: flat(tap.value) for layer, tap in taps.items()})

    def _plugged(self, loss: Any, part: Batch, labelled: Forward, losses: Any) -> tuple[Any, Batch | None, Outputs]:
        """The loss with what the plug-ins add."""
        other, forward = None, None
        if self.unlabelled is not None:
            other = Batch(self.unlabelled(len(part.inputs), self.draws))
            if any(p.unlabelled and not p.onlooker for p in self.plugins):
                with self._own("network"):
                    forward = self._forward(other.inputs)
        outputs = Outputs(labelled, forward, losses, self.done / max(self.total, 1))
        for plugin in self.plugins:
            if plugin.onlooker:
                continue
            with self._own(plugin.name, "loss"):
                more = plugin.loss(part, other, outputs)
            if more is not None:
                loss = loss + more
        return loss, other, outputs


def _share(part: Batch, shard: tuple[int, int]) -> Batch:
    """What one process of several takes of a batch; a batch smaller than their number is taken whole by each."""
    rank, count = shard
    if len(part.inputs) < count:
        return Batch(part.inputs, part.targets, part.weights)
    own = slice(rank, None, count)
    return Batch(part.inputs[own], part.targets[own], None if part.weights is None else part.weights[own])


def _weight_of(part: Batch) -> Any:
    return len(part.inputs) if part.weights is None else part.weights.sum().clamp_min(1e-12)
