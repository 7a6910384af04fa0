"""Evidence row 7: Fashion-MNIST with a small CNN, 500 labels and 500 a round to 5,000: how many labels asking saves.

Usage: python studies/row_7.py [--short] [--seeds 3]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

import querist
from fashion import images
from harness import Curve, Study, main
from querist.core.types import Array
from simulate import simulate

STEP, BUDGET = 500, 5000


@cache
def scaled() -> tuple[Array, Array, Array, Array]:
    """Images with one channel, as bytes."""
    x, y, u, v = images()
    return x[:, None], y, u[:, None], v


def network() -> Any:
    """Two convolutions of 8 and 16 channels, a hidden layer of 64."""
    from querist.models.cnn import SmallCNN

    return SmallCNN(1, 10, 28)


def one(name: str, strategy: str, seed: int) -> Curve:
    """One run."""
    x, y, u, v = scaled()
    start = np.random.default_rng(seed).choice(len(x), STEP, replace=False)
    recipe = querist.Recipe(optimizer="adam", lr=0.002, epochs=30, batch_size=64, schedule="cosine")
    return simulate(
        (x, y),
        (u, v),
        lambda source, schema: querist.TorchLearner(
            network, source, schema, recipe=recipe, device="cpu", score_batch=2048
        ),
        strategy,
        start=[int(r) for r in start],
        batch=STEP,
        rounds=BUDGET // STEP - 1,
        seed=seed,
    )


def reached(curves: Sequence[Curve], level: float) -> float:
    """Labels at which the mean curve first reaches a level, between two points; infinite where it does not."""
    labels = [n for n, _ in curves[0]]
    values = np.maximum.accumulate(np.mean([[v for _, v in curve] for curve in curves], axis=0))
    if values[-1] < level:
        return float("inf")
    at = int(np.argmax(values >= level))
    if at == 0:
        return float(labels[0])
    share = (level - values[at - 1]) / (values[at] - values[at - 1])
    return float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def saves(strategy: str) -> Any:
    """Whether a strategy reaches random's last accuracy with at most three quarters of its labels."""

    def check(curves: Any) -> bool:
        random = curves["fashion_mnist"]["random"]
        level = float(np.mean([curve[-1][1] for curve in random]))
        return reached(curves["fashion_mnist"][strategy], level) <= 0.75 * BUDGET

    return check


STUDY = Study(
    name="row_7",
    row="Fashion-MNIST, small CNN",
    source="decile-team/distil: label efficiency 1.4 of ResNet-18 at random's accuracy with 6,000 labels, one run",
    recipe=(
        "60,000 training images as the pool, 10,000 test images; SmallCNN (8 and 16 channels, hidden 64, dropout .25), "
        "Adam .002 along a cosine, 30 epochs, batches of 64, from scratch each round; 500 random labels, then 500 a round"
    ),
    datasets=("fashion_mnist",),
    strategies={"random": "random", "margin": "margin", "badge": "badge", "auto": "auto"},
    one=one,
    figure=lambda curve: float(np.mean([v for _, v in curve])),
    figure_name="mean test accuracy over the budget",
    published={},
    seeds=3,
    short=1,
    on_curves={
        f"{name} reaches random's final accuracy with at most 75 % of its labels": saves(name)
        for name in ("margin", "badge", "auto")
    },
)

if __name__ == "__main__":
    main(STUDY)
