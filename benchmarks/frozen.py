"""Frozen-feature mode: refit a head on 1,000 labels and tell probabilities of a pool of 50,000 x 384, ten classes.

One head, and an ensemble of ten heads trained together, beside ten trained in turn. Wall-clock seconds and seconds of
processor time (user), which other work on the machine does not stretch.

Usage: python benchmarks/frozen.py [--threads 2] [--repeats 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from querist.core.seeds import derive
from querist.core.signals import MEMBERS, PROBS
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.guard import rng_kept
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.training.frozen import head_learner
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.together import train_together
from querist.training.torch_fit import train
from querist.training.training_run import TrainingRun

ITEMS, WIDTH, CLASSES, LABELS, HEADS = 50_000, 384, 10, 1_000, 10


def pool() -> tuple[Any, Any]:
    """(ITEMS, WIDTH) float32 clusters of unit length, and their classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, ITEMS)
    x = rng.normal(size=(CLASSES, WIDTH))[y] + 2 * rng.normal(size=(ITEMS, WIDTH))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), y


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, float, float]:
    """Median and fastest wall-clock seconds and median user seconds, after one call that warms up."""
    call()
    wall, user = [], []
    for _ in range(repeats):
        started, before = time.perf_counter(), os.times().user
        call()
        wall.append(time.perf_counter() - started)
        user.append(os.times().user - before)
    return statistics.median(wall), min(wall), statistics.median(user)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    x, y = pool()
    source, schema = array_source(x), SingleLabel(tuple("abcdefghij"))
    labels = Labels(source.items(np.arange(LABELS)), y[:LABELS])
    recipe, head = Recipe(), head_for(schema)
    whole, inputs, targets = torch.as_tensor(x), torch.as_tensor(x[:LABELS]), torch.as_tensor(y[:LABELS])
    run = TrainingRun(inputs, targets, None, head, recipe, 0, recipe.batch_size)
    learner = head_learner(source, schema, recipe=recipe)

    def one() -> None:
        learner.fit(labels, seed=0)
        learner.signals(source.items(), frozenset({PROBS}))

    def members(**settings: Any) -> Callable[[], Any]:
        several = head_learner(source, schema, recipe=recipe, members=Ensemble(HEADS), **settings)

        def call() -> None:
            several.fit(labels, seed=0)
            several.signals(source.items(), frozenset({MEMBERS}))

        return call

    def several(make: Callable[[], Any], together: bool) -> Any:
        seeds = [derive(0, "network", n) for n in range(HEADS)]
        torch.set_num_threads(1)  # the steps are small: a second thread makes them slower
        with rng_kept(0):
            nets = [make() for _ in range(HEADS)]
            if together:
                train_together(nets, run, seeds)
            else:
                for net, seed in zip(nets, seeds, strict=True):
                    train(net, replace(run, seed=seed))
        torch.set_num_threads(options.threads)
        with torch.inference_mode():
            return torch.stack([net(whole).softmax(dim=1) for net in nets], dim=1)

    def linear() -> Any:
        return LinearHead(WIDTH, CLASSES)

    def deep() -> Any:
        return MLP(WIDTH, CLASSES, hidden=(64,))

    cases: dict[str, Callable[[], Any]] = {
        "one linear head, fit and probabilities of the pool": one,
        f"a learner of {HEADS} linear heads, fit and their members": members(),
        f"a learner of {HEADS} MLP heads (64), fit and members": members(hidden=(64,)),
        f"{HEADS} linear heads together": lambda: several(linear, True),
        f"{HEADS} linear heads in turn": lambda: several(linear, False),
        f"{HEADS} MLP heads (64) together": lambda: several(deep, True),
        f"{HEADS} MLP heads (64) in turn": lambda: several(deep, False),
    }
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{ITEMS} x {WIDTH}, {CLASSES} classes, {LABELS} labels; {options.threads} threads; load {load}")
    print(f"{'case':<54}{'median s':>10}{'fastest s':>11}{'user s':>9}")
    for name, call in cases.items():
        median, fastest, user = timed(call, options.repeats)
        print(f"{name:<54}{median:>10.3f}{fastest:>11.3f}{user:>9.3f}", flush=True)


if __name__ == "__main__":
    main()
