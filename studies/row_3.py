"""Evidence row 3: USPS, query size 20, budget 900; entropy and Core-Set below random, margin and BADGE above.

Usage: python studies/row_3.py [--short] [--seeds 10]
"""

from __future__ import annotations

from harness import Curve, Study, main
from usps import RECIPE, STRATEGIES, mean, one_run

PUBLISHED = {
    "random": 0.818, "margin": 0.847, "badge": 0.845, "least_confident": 0.798, "entropy": 0.803, "coreset": 0.757,
    "typiclust": 0.643,
}  # fmt: skip


def one(name: str, strategy: str, seed: int) -> Curve:
    """One run."""
    return one_run(strategy, seed, 20)


STUDY = Study(
    name="row_3",
    row="USPS, query size 20",
    source="wernerth94/A-Cross-Domain-Benchmark-for-Active-Learning, 50 runs",
    recipe=RECIPE,
    datasets=("usps",),
    strategies=STRATEGIES,
    one=one,
    figure=mean,
    figure_name="mean test accuracy over the budget",
    published={"usps": PUBLISHED},
    seeds=10,
    short=1,
    checks={
        "random, margin, badge and entropy within .015 of the published": lambda m: all(
            abs(m["usps"][s] - PUBLISHED[s]) <= 0.015 for s in ("random", "margin", "badge", "entropy")
        ),
        "margin and badge above random, random above Core-Set": lambda m: (
            min(m["usps"]["margin"], m["usps"]["badge"]) > m["usps"]["random"] > m["usps"]["coreset"]
        ),
        "entropy below random": lambda m: m["usps"]["entropy"] < m["usps"]["random"],
        "beaten: the best of ours above .850": lambda m: max(m["usps"].values()) > 0.850,
        "typiclust far below random, as published": lambda m: m["usps"]["typiclust"] < m["usps"]["random"] - 0.05,
        "auto above random": lambda m: m["usps"]["auto"] > m["usps"]["random"],
    },
)

if __name__ == "__main__":
    main(STUDY)
