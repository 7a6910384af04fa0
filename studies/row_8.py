"""Evidence row 8: Fashion-MNIST on features learnt without labels, a linear head, one label a class, budget 500.

Usage: python studies/row_8.py [--short] [--seeds 10]
The features are learnt once, by python studies/fashion.py or by the first run, and kept in the folder QUERIST_CACHE.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import querist
from fashion import PRETRAINING, features
from harness import Curve, Study, main
from simulate import simulate

BUDGET = 500
SIZES = {"query size 20": 20, "query size 100": 100}
PUBLISHED = {
    "query size 20": {"random": 0.633, "margin": 0.670, "badge": 0.665, "coreset": 0.651, "typiclust": 0.449},
    "query size 100": {"random": 0.606, "margin": 0.628, "badge": 0.621, "coreset": 0.562, "typiclust": 0.338},
}


def one(name: str, strategy: str, seed: int) -> Curve:
    """One run."""
    x, y, u, v = features()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    cut = len(x) // 100
    aside, pool = order[:cut], order[cut:]
    start = [int(rng.choice(np.flatnonzero(y[pool] == c))) for c in range(10)]
    recipe = querist.Recipe(optimizer="nadam", lr=0.001, epochs=100, batch_size=64, drop_last=True, patience=51)

    def head() -> Any:
        from querist.models.linear import LinearHead

        return LinearHead(x.shape[1], 10)

    return simulate(
        (x[pool], y[pool]),
        (u, v),
        lambda source, schema, held: querist.TorchLearner(
            head, source, schema, recipe=recipe, device="cpu", score_batch=8192, validation=held
        ),
        strategy,
        validation=(x[aside], y[aside]),
        start=start,
        batch=SIZES[name],
        rounds=BUDGET // SIZES[name],
        seed=seed,
    )


def gap(size: str, strategy: str) -> Any:
    """Whether the gap to random is within .02 of the published."""
    published = PUBLISHED[size][strategy] - PUBLISHED[size]["random"]
    return lambda means: abs(means[size][strategy] - means[size]["random"] - published) <= 0.02


STUDY = Study(
    name="row_8",
    row="Fashion-MNIST, features learnt without labels, linear head",
    source="wernerth94/A-Cross-Domain-Benchmark-for-Active-Learning, SimCLR with ResNet-18, 50 runs",
    recipe=(
        "configs/fashion_mnist.yaml: 'dataset_embedded: budget: 500, initial_points_per_class: 1, classifier_batch_size: "
        "64', 'classifier_embedded: type: Linear', 'type: NAdam', 'lr: 0.001', 'weight_decay: 0.0', 'validation_split: "
        f"0.01'; 100 epochs, from scratch, as in row 3. Features here: {PRETRAINING}; standardised on the training images. "
        "Mean of the test accuracy over all points."
    ),
    datasets=tuple(SIZES),
    strategies={
        "random": "random",
        "margin": "margin",
        "badge": "badge",
        "coreset": "k_center",
        "typiclust": "typiclust",
        "uherding": "uherding",
        "auto": "auto",
    },
    one=one,
    figure=lambda curve: float(np.mean([v for _, v in curve])),
    figure_name="mean test accuracy over the budget",
    published=PUBLISHED,
    seeds=10,
    short=1,
    checks={
        **{
            f"{strategy}, {size}: gap to random within .02 of the published": gap(size, strategy)
            for size in SIZES
            for strategy in ("margin", "badge", "coreset", "typiclust")
        },
        "auto above random": lambda m: all(m[size]["auto"] > m[size]["random"] for size in SIZES),
    },
)

if __name__ == "__main__":
    main(STUDY)
