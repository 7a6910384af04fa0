"""Evidence row 4: USPS, query size 100: pure uncertainty loses to random, uncertainty with diversity does not.

Usage: python studies/row_4.py [--short] [--seeds 10]
"""

from __future__ import annotations

from harness import Curve, Study, main
from usps import RECIPE, STRATEGIES, mean, one_run

PUBLISHED = {
    "random": 0.789, "badge": 0.804, "margin": 0.799, "entropy": 0.743, "coreset": 0.721, "least_confident": 0.708,
}  # fmt: skip


def one(name: str, strategy: str, seed: int) -> Curve:
    """One run."""
    return one_run(strategy, seed, 100)


STUDY = Study(
    name="row_4",
    row="USPS, query size 100",
    source="wernerth94/A-Cross-Domain-Benchmark-for-Active-Learning, 50 runs",
    recipe=RECIPE,
    datasets=("usps",),
    strategies={**STRATEGIES, "hybrid": "shortlist(margin, times=10) | k_means"},
    one=one,
    figure=mean,
    figure_name="mean test accuracy over the budget",
    published={"usps": PUBLISHED},
    seeds=10,
    short=1,
    checks={
        "badge at least .03 above entropy": lambda m: m["usps"]["badge"] >= m["usps"]["entropy"] + 0.03,
        "badge at least .05 above least confident": lambda m: m["usps"]["badge"] >= m["usps"]["least_confident"] + 0.05,
        "badge not below random": lambda m: m["usps"]["badge"] >= m["usps"]["random"],
        "entropy and least confident below random": lambda m: (
            max(m["usps"]["entropy"], m["usps"]["least_confident"]) < m["usps"]["random"]
        ),
        "auto above random": lambda m: m["usps"]["auto"] > m["usps"]["random"],
    },
)

if __name__ == "__main__":
    main(STUDY)
