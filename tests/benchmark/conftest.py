"""Made-up runs whose figures can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from querist.benchmark.results import document


def made_run(strategy: str, seed: int, values: list[float], *, metric: str = "accuracy") -> dict[str, Any]:
    """A run that starts with 20 labels and asks for 20 a round; its queries are of two classes."""
    return {
        "strategy": strategy,
        "seed": seed,
        "rounds": [
            {
                "round": k,
                "labels": 20 * (k + 1),
                "cost": 20.0 * (k + 1),
                "metrics": {metric: value},
                "queried": [f"{strategy}-{seed}-{k}-{j}" for j in range(20)],
                "seconds": {"fit": 0.2, "signals": 0.03, "select": 0.01 * (k + 1)},
                "classes": {"one": 12, "two": 8},
            }
            for k, value in enumerate(values)
        ],
        "stopped": {"rule": "max_labels", "text": "60 labels are there"},
    }


@pytest.fixture
def study() -> dict[str, Any]:
    """Random and margin on ten seeds, k_center on three."""
    runs = [made_run("random", s, [0.5, 0.6, 0.7]) for s in range(10)]
    runs += [made_run("margin", s, [0.5, 0.7, 0.8 + 0.02 * s]) for s in range(10)]
    runs += [made_run("k_center", s, [0.5, 0.55, 0.6]) for s in range(3)]
    spec = {"data": {"source": "sklearn:digits"}, "run": {"batch": 20}, "grid": {"strategies": ["random", "margin"]}}
    return document(spec, runs, ceiling={"accuracy": 0.95})
