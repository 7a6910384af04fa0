"""What rows 3 and 4 share: USPS, the network and the recipe of the source."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import querist
from harness import Curve, data_folder
from querist.core.types import Array
from simulate import simulate

__all__ = ["BUDGET", "RECIPE", "STRATEGIES", "mean", "one_run"]

BUDGET = 900
STRATEGIES = {
    "random": "random",
    "margin": "margin",
    "badge": "badge",
    "entropy": "entropy",
    "least_confident": "least_confidence",
    "coreset": "k_center",
    "typiclust": "typiclust",
    "uherding": "uherding",
    "auto": "auto",
}
RECIPE = (
    "wernerth94/A-Cross-Domain-Benchmark-for-Active-Learning. configs/usps.yaml: 'budget: 900', "
    "'initial_points_per_class: 1', 'classifier_batch_size: 43', 'hidden: [24, 12]', 'type: NAdam', 'lr: 0.001', "
    "'weight_decay: 0.0'. core/environment.py: 'drop_last = classifier_batch_size < len(x_labeled)', "
    "fit_classifier(epochs=100), EarlyStopping(patience=50) on the loss of a validation part when from scratch. Here: "
    "from scratch each time, the network 256-24-12-10 with ReLU and no dropout, at most 100 epochs, patience 50 on a "
    "validation part of 4 % of the training rows drawn by the seed, which is never asked for, and the weights of the best "
    "epoch. Two things are not as in the source's newest code: classifiers/classifier.py builds one hidden layer more "
    "(SeededLinear(hidden_sizes[max(0, i - 1)], hidden_sizes[i]) after an input layer to hidden_sizes[0]: "
    "256-24-24-12-10), with which every level comes out about .02 lower than published; and 'self.initial_weights = "
    "self.classifier.state_dict()' keeps no copy, so that its 'from scratch' goes on from the last weights. Values 0..1, "
    "one random label a class to start, test on the 2,007 test images after every query, mean of the test accuracy over "
    "all points. The source's Core-Set for batches was not found: its sign counts, not its level."
)


@cache
def images() -> tuple[Array, Array, Array, Array]:
    """Training and test images (n, 256) in 0..1, and their class numbers."""
    with np.load(data_folder() / "images" / "usps.npz", allow_pickle=False) as found:
        names = ("train_images", "train_labels", "test_images", "test_labels")
        x, y, u, v = (found[n] for n in names)
    flat = [(a.reshape(len(a), -1) / 255.0).astype(np.float32) for a in (x, u)]
    return flat[0], y.astype(np.int64), flat[1], v.astype(np.int64)


def network() -> Any:
    """256-24-12-10 with ReLU."""
    from querist.models.mlp import MLP

    return MLP(256, 10, hidden=(24, 12))


def one_run(strategy: str, seed: int, batch: int) -> Curve:
    """One run of the loop."""
    x, y, u, v = images()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    cut = int(0.04 * len(x))
    aside, pool = order[:cut], order[cut:]
    x, y, validation = x[pool], y[pool], (x[aside], y[aside])
    start = [int(rng.choice(np.flatnonzero(y == c))) for c in range(10)]
    recipe = querist.Recipe(optimizer="nadam", lr=0.001, epochs=100, batch_size=43, drop_last=True, patience=51)
    return simulate(
        (x, y),
        (u, v),
        lambda source, schema, held: querist.TorchLearner(
            network, source, schema, recipe=recipe, device="cpu", score_batch=8192, validation=held
        ),
        strategy,
        validation=validation,
        start=start,
        batch=batch,
        rounds=BUDGET // batch,
        seed=seed,
    )


def mean(curve: Curve) -> float:
    """Mean accuracy over the points."""
    return float(np.mean([v for _, v in curve]))
