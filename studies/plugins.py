"""Strategies on training plug-ins against random and margin: digits, a small CNN, ten seeds.

A plug-in changes how the network is trained, so that its strategy differs from plain random in two things. ``random @ x``
asks at random and trains as x does: the gap to it is what the asking alone is worth.

Usage: python studies/plugins.py [--short] [--seeds 10]
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

import querist
from harness import Curve, Study, main
from querist.core.types import Array
from querist.data.schema import SingleLabel
from querist.session.evaluation import Evaluation
from querist.session.session import Session
from querist.storage.artifacts import Artifacts
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy

START, BATCH, BUDGET, TEST = 20, 20, 200, 0.3
STRATEGIES = {
    "random": "random",
    "margin": "margin",
    "learning_loss": "learning_loss",
    "random @ learning_loss": "random @ learning_loss",
    "vaal": "vaal",
    "waal": "waal",
    "random @ waal": "random @ waal",
    "discriminative": "discriminative(sub_batches=2)",
    "tod": "tod",
    "tod @ tod": "tod @ tod",
    "random @ tod": "random @ tod",
    "noise_stability": "noise_stability",
    "adversarial_margin": "adversarial_margin",
    "evidential": "least_confidence @ evidential",
    "random @ evidential": "random @ evidential",
}
CONTROLS = {
    "learning_loss": "random @ learning_loss",
    "waal": "random @ waal",
    "tod @ tod": "random @ tod",
    "evidential": "random @ evidential",
}


@cache
def digits() -> tuple[Array, Array]:
    """scikit-learn's digits (1797, 1, 8, 8) from 0 to 1, and their class numbers."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.images[:, None] / 16.0).astype(np.float32), found.target.astype(np.int64)


def learner(source: Any, schema: Any, strategy: str, training: str) -> Any:
    """A small CNN with what the strategy, or the training asked for, needs."""
    from querist.assembly.providers import equip
    from querist.models.cnn import SmallCNN

    asked = as_strategy(strategy)
    with_plugin = (as_strategy(training),) if training in ("learning_loss", "waal") else ()
    arguments = equip(asked, *with_plugin, head="evidential" if training == "evidential" else None).arguments()
    if training == "tod":
        arguments["plugins"] = (querist.registry.find("tod", "plugin").factory(),)
    return querist.TorchLearner(
        lambda: SmallCNN(1, 10, 8),
        source,
        schema,
        recipe=querist.Recipe(epochs=40, batch_size=32, lr=5e-3),
        device="cpu",
        **arguments,
    )


def one(name: str, text: str, seed: int) -> Curve:
    """One run of the loop, every round from scratch; weights are kept, as ``tod`` compares two rounds."""
    strategy, _, training = text.partition(" @ ")
    x, y = digits()
    order = np.random.default_rng(seed).permutation(len(x))
    held = np.sort(order[: int(TEST * len(x))])
    source, schema = querist.read(x, ids=[f"d{k}" for k in range(len(x))]), SingleLabel(tuple("0123456789"))
    curve: Curve = []
    with tempfile.TemporaryDirectory() as folder:
        session = Session(
            source,
            learner(source, schema, strategy, training),
            schema,
            as_strategy(strategy),
            MemoryStore(),
            seed=seed,
            start=as_strategy("random"),
            held=held,
            evaluate={"test": Evaluation(source.items(held), y[held])},
            artifacts=Artifacts(Path(folder)) if strategy == "tod" else None,
        )
        while not curve or curve[-1][0] < BUDGET:
            query = session.ask(BATCH if curve else START)
            session.tell(query, {item: str(y[source.rows_of([item])[0]]) for item in query})
            report = session.fit()
            curve.append((report.labels, report.metrics["accuracy"]))
    return curve


def mean(curve: Curve) -> float:
    """Mean accuracy over the points."""
    return float(np.mean([v for _, v in curve]))


def asking_alone(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Mean gap of a strategy to random asking with the same training."""
    found = figures["digits"]
    return {
        name: round(fmean(a - b for a, b in zip(found[name], found[control], strict=True)), 4)
        for name, control in CONTROLS.items()
    }


STUDY = Study(
    name="plugins",
    row="Strategies on training plug-ins",
    source="ours",
    recipe=(
        "scikit-learn's digits, 30 % held out for testing by the seed; SmallCNN (8 and 16 channels, 64 hidden units, "
        "dropout 0.25), Adam 0.005, 40 epochs of batches of 32, from scratch each round; 20 random labels, then "
        "20 a round to 200. Discriminative asks in 2 parts instead of 10, which costs a fifth. "
        "Plug-ins, providers and heads with their defaults. 'x @ y' asks by x and trains as y does; evidential asks by "
        "least confidence of its probabilities; tod is without its loss, 'tod @ tod' with it."
    ),
    datasets=("digits",),
    strategies=STRATEGIES,
    one=one,
    figure=mean,
    figure_name="mean test accuracy from 20 to 200 labels",
    published={},
    seeds=10,
    short=1,
    extra=lambda figures: {"against random asking with the same training": asking_alone(figures)},
)

if __name__ == "__main__":
    main(STUDY)
