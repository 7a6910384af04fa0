"""What TorchLearner adds to a training: seconds of its fit beside a loop written by hand on the same data and network.

Both sides begin from fresh weights, shuffle with a generator, step Adam on cross entropy and leave the network in
evaluation mode; fits are interleaved, one thread, and the median of the ratios of neighbours is printed. What a fit does
besides training (reading the items, checking and digesting the weights) is part of it. To reach: at most 1.1.

Usage: python benchmarks/training_loop.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import querist
from querist.core.types import Array, Labels
from querist.data.schema import SingleLabel
from querist.models.cnn import SmallCNN
from querist.models.mlp import MLP

CLASSES = 10
TO_REACH = 1.1


def by_hand(make: Callable[[], Any], x: Array, y: Array, epochs: int, batch: int) -> float:
    """Seconds of the plain loop."""
    started = time.process_time()
    torch.manual_seed(0)
    inputs, targets = torch.as_tensor(x), torch.as_tensor(y)
    module = make()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    order = torch.Generator().manual_seed(0)
    module.train()
    for _ in range(epochs):
        shuffled = torch.randperm(len(inputs), generator=order)
        for start in range(0, len(inputs), batch):
            at = shuffled[start : start + batch]
            optimizer.zero_grad()
            loss = loss_of(module(inputs[at]), targets[at])
            loss.backward()
            optimizer.step()
    module.eval()
    return time.process_time() - started


def ours(make: Callable[[], Any], x: Array, y: Array, epochs: int, batch: int) -> Callable[[], float]:
    """A function that fits TorchLearner and gives its seconds."""
    source = querist.read(x, ids=[f"i{k}" for k in range(len(x))])
    recipe = querist.Recipe(epochs=epochs, batch_size=batch)
    schema = SingleLabel(tuple(str(c) for c in range(CLASSES)))
    learner = querist.TorchLearner(make, source, schema, recipe=recipe, device="cpu")
    labels = Labels(source.items(), y)

    def run() -> float:
        started = time.process_time()
        learner.fit(labels, seed=0)
        return time.process_time() - started

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    mlp, wide, cnn = (lambda: MLP(64, 10)), (lambda: MLP(256, 10, (256, 256))), (lambda: SmallCNN(1, 10, 28))
    cases: list[tuple[str, Callable[[], Any], tuple[int, ...], int, int, int]] = [
        ("MLP 64-128-10, 1,000 labels, batches of 32, 10 epochs", mlp, (64,), 1000, 32, 10),
        ("MLP 256-256-256-10, 5,000 labels, batches of 64, 4 epochs", wide, (256,), 5000, 64, 4),
        ("small CNN, 1,000 images of 28 x 28, batches of 32, 3 epochs", cnn, (1, 28, 28), 1000, 32, 3),
    ]
    print(f"{'case':<62}{'by hand':>9}{'ours':>9}{'ratio':>8}   (processor seconds, medians; one thread)")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for name, make, shape, count, batch, epochs in cases:
            x, y = rng.normal(size=(count, *shape)).astype(np.float32), rng.integers(0, CLASSES, count)
            run = ours(make, x, y, epochs, batch)
            pairs = [(by_hand(make, x, y, epochs, batch), run()) for _ in range(options.rounds + 1)][1:]
            plain, whole = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            verdict = "" if ratio <= TO_REACH else f"   above {TO_REACH}"
            print(f"{name:<62}{plain:>9.3f}{whole:>9.3f}{ratio:>8.2f}{verdict}")


if __name__ == "__main__":
    main()
