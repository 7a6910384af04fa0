"""One fit: fresh or warm weights, the loop, further networks of an ensemble, and what is kept beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.types import Array, Labels
from querist.models.embedding import last_linear
from querist.models.guard import rng_kept
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.training.distributed import train_on_several
from querist.training.heads import Scale
from querist.training.memory import with_smaller_batches
from querist.training.network import Networks, warmed
from querist.training.parts import Parts
from querist.training.plugins.base import Shape
from querist.training.scoring import Scorer
from querist.training.together import reason_against, train_together
from querist.training.torch_fit import Extras, train
from querist.training.training_run import TrainingRun
from querist.training.weights import read_weights

__all__ = ["Fit", "Trained"]


@dataclass(frozen=True)
class Trained:
    """What a fit gives.

    Args:
        module: the network.
        kept: tensors kept beside its weights, by who keeps them.
        notes: worth the user's eye.
    """

    module: Any
    kept: dict[str, Mapping[str, Any]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """One fit on some labels.

    Args:
        networks: make fresh networks.
        scorer: gives inputs, and runs the trained network.
        parts: head, recipe, posterior, providers, plug-ins, curriculum.
        outputs: outputs that the labels ask for.
        shape: what plug-ins are told of the network.
        labels: what is trained on.
        scale: of the answers, where these are numbers.
        validation: labelled items set aside, or None.
        pool: rows that may be looked at without labels.
        seed: all randomness is from it.
        previous: folder of the last saved model, or None.
    """

    networks: Networks
    scorer: Scorer
    parts: Parts
    outputs: int
    shape: Shape
    labels: Labels
    scale: Scale
    validation: Labels | None
    pool: Array
    seed: int
    previous: Path | None

    def run(self) -> Trained:
        """Train the network, and further ones for an ensemble; then ask posterior, providers and plug-ins what to keep."""
        torch, parts, labels = _torch(), self.parts, self.labels
        x = self.scorer.inputs.take(self.scorer.inputs.source.rows_of(labels.items))
        y = parts.head.encode(labels.targets, self.scale)
        weights = None if labels.weights is None else torch.as_tensor(labels.weights, dtype=torch.float32)
        watchers: dict[str, Watcher | None] = {p.name: p.watch() for p in parts.providers}
        watchers["posterior"] = None if parts.posterior is None else parts.posterior.watch()
        watching = tuple(w for w in watchers.values() if w is not None)
        count = 1 if parts.posterior is None else parts.posterior.networks
        run = TrainingRun(x, y, weights, parts.head, parts.recipe, self.seed, parts.recipe.batch_size, self._held())
        modules: list[Any] = self._at_once(count, run) if count > 1 and not watching else []
        notes: list[str] = []
        for number in range(len(modules), count):
            module, more = self._network(number, run, watching if number == 0 else ())
            modules.append(module)
            notes += more
        kept: dict[str, Mapping[str, Any]] = {
            p.name: p.finish(modules[0], watchers[p.name], self.previous) for p in parts.providers
        }
        if parts.posterior is not None:
            kept["posterior"] = parts.posterior.finish(self._fitted(modules, watchers["posterior"], y, weights))
        for plugin in parts.plugins:
            plugin.settle()
            for part in plugin.modules().values():
                part.to(self.scorer.device)
            kept[f"plugin {plugin.name}"] = plugin.state_dict()
        return Trained(modules[0], kept, tuple(notes))

    def _at_once(self, count: int, run: TrainingRun) -> list[Any]:
        """Small plain networks, trained in one product of stacked matrices; none where that cannot be."""
        parts, recipe = self.parts, self.parts.recipe
        seeds = [self.seed, *(derive(self.seed, "network", number) for number in range(1, count))]
        warm = recipe.warm_start and self.previous is not None
        if parts.plugins or parts.curriculum is not None or recipe.processes > 1 or warm:
            return []
        if reason_against(self.networks.fresh(seeds[0], self.outputs), recipe) is not None:
            return []

        def work(batch: int, device: Any) -> list[Any]:
            modules = [self.networks.fresh(seed, self.outputs).to(device) for seed in seeds]
            with rng_kept(derive(self.seed, "train")):
                train_together(modules, replace(run, batch=batch).to(device), seeds)
            return modules

        return with_smaller_batches(work, recipe.batch_size, self.scorer.device, to_cpu=recipe.cpu_fallback)

    def _network(self, number: int, run: TrainingRun, watching: tuple[Watcher, ...]) -> tuple[Any, list[str]]:
        """Train one network; only the first is watched, plugged and warm-started."""
        parts, recipe = self.parts, self.parts.recipe
        seed = self.seed if number == 0 else derive(self.seed, "network", number)
        plugins = parts.plugins if number == 0 else ()

        def work(batch: int, device: Any) -> tuple[Any, list[str]]:
            with rng_kept(derive(seed, "train")):
                module = self.networks.fresh(seed, self.outputs)
                begun = []
                if number == 0 and self.previous is not None and recipe.warm_start:
                    begun = self._begin(module, self.previous)
                module = module.to(device)
                for plugin in plugins:
                    with rng_kept(derive(seed, "plugin", plugin.name)):
                        plugin.ready(replace(self.shape, device=device))
                draw = partial(self._unlabelled, device=device) if len(self.pool) else None
                extras = Extras(watching, plugins, draw, parts.curriculum, self.labels.items)
                here = replace(run, seed=seed, batch=batch).to(device)
                more = train(module, here, extras) if recipe.processes == 1 else train_on_several(module, here, device)
                return module, begun + more

        return with_smaller_batches(work, recipe.batch_size, self.scorer.device, to_cpu=recipe.cpu_fallback)

    def _begin(self, module: Any, previous: Path) -> list[str]:
        state = {k: v for k, v in read_weights(previous, "torch")[0].items() if "::" not in k}
        return warmed(module, state, self.parts.recipe)

    def _held(self) -> tuple[Any, Any] | None:
        """Inputs and targets to validate on, where items were set aside and patience is asked for."""
        if self.validation is None or self.parts.recipe.patience is None or not len(self.validation):
            return None
        inputs = self.scorer.inputs
        rows = inputs.source.rows_of(self.validation.items)
        return inputs.take(rows), self.parts.head.encode(self.validation.targets, self.scale)

    def _unlabelled(self, count: int, draw: Any, device: Any) -> Any:
        at = _torch().randint(len(self.pool), (count,), generator=draw).numpy()
        return self.scorer.inputs.take(self.pool[at]).to(device)

    def _fitted(self, modules: list[Any], watcher: Watcher | None, y: Any, weights: Any) -> Fitted:
        """What a posterior is told of a fit."""
        torch = _torch()
        name = last_linear(modules[0])
        layers: frozenset[str | None] = frozenset() if name is None else frozenset({None})
        rows = self.scorer.inputs.source.rows_of(self.labels.items)
        _, hidden = self.scorer.run(modules[0], rows, layers)
        h = torch.as_tensor(np.asarray(hidden[None])) if layers else torch.zeros(len(rows), 0)
        targets = y
        if self.parts.head.kind == "single" and y.ndim == 1:
            targets = torch.nn.functional.one_hot(y, self.outputs).float()
        return Fitted(tuple(modules), watcher, h, targets, weights, name or "", self.parts.head.kind, self.seed)
