"""Evidence row 10: AG News on LSA features with logistic regression; a first batch of typical items, then margin.

Usage: python studies/row_10.py [--short] [--seeds 10]
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from harness import Curve, Study, main
from many import lines
from querist.core.types import Array
from simulate import simulate

BATCH = 20


@cache
def texts() -> tuple[Array, Array, Array, Array]:
    """LSA-200 of the pool (TF-IDF, sublinear, at least two documents), 7,600 test texts, and the topics of both."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    train = [*lines("text", "ag_news", "train.jsonl.gz"), *lines("text", "ag_news", "extra_descriptions.jsonl.gz")]
    test = lines("text", "ag_news", "test.jsonl.gz")
    held = [f"{line.get('title', '')} {line['text']}" for line in test]
    counts = TfidfVectorizer(sublinear_tf=True, min_df=2)
    shrink = TruncatedSVD(200, random_state=0)
    x = normalize(shrink.fit_transform(counts.fit_transform([line["text"] for line in train])))
    u = normalize(shrink.transform(counts.transform(held)))
    return x, np.array([line["label"] for line in train]), u, np.array([line["label"] for line in test])


def one(name: str, strategy: str, seed: int) -> Curve:
    """Two random labels a class, then queries of 20 to 500 labels; ``start:`` begins with 20 typical rows instead."""
    warnings.simplefilter("ignore")
    x, y, u, v = texts()
    rng = np.random.default_rng(seed)
    if strategy.startswith("start:"):
        strategy = strategy.removeprefix("start:")
        first = querist.select("k_means", 20, embedding=x, seed=seed).indices
        start = [int(r) for r in first]
    else:
        start = [int(r) for c in range(4) for r in rng.choice(np.flatnonzero(y == c), 2, replace=False)]
    return simulate(
        (x, y),
        (u, v),
        lambda source, schema: querist.SklearnLearner(LogisticRegression(C=20.0, max_iter=300), source, schema),
        strategy,
        start=start,
        batch=BATCH,
        rounds=(500 - len(start)) // BATCH + 1,
        seed=seed,
    )


def at(curve: Curve, labels: int) -> float:
    """Accuracy at so many labels, between the two points beside it."""
    given, values = np.array(curve).T
    return float(np.interp(labels, given, values))


STUDY = Study(
    name="row_10",
    row="AG News, LSA features, logistic regression",
    source="measured beforehand on the same data with other code, 5 seeds",
    recipe=(
        "14,526 texts as the pool (the training texts and the extra descriptions), TF-IDF (sublinear, min_df 2) "
        "and LSA-200 of the pool, unit rows; logistic regression C=20; two random labels a class to start, queries "
        "of 20 to 500 labels; 7,600 test texts. With the 4,999 training texts alone random is at .762 at 200 "
        "labels. 'k-means, then margin' begins with the 20 rows nearest to the centres of 20 clusters instead."
    ),
    datasets=("ag_news",),
    strategies={
        "random": "random",
        "margin": "margin",
        "k-means, then margin": "start:margin",
        "auto": "auto",
        "badge": "badge",
        "hybrid": "shortlist(margin, times=10) | k_means",
        "entropy": "entropy",
    },
    one=one,
    figure=lambda curve: at(curve, 200),
    figure_name="test accuracy at 200 labels",
    published={"ag_news": {"random": 0.736, "margin": 0.762, "k-means, then margin": 0.764}},
    seeds=10,
    short=1,
    checks={
        "random within .02 of the published at 200 labels": lambda m: abs(m["ag_news"]["random"] - 0.736) <= 0.02,
        "k-means start and margin at least .015 above random at 200": lambda m: (
            m["ag_news"]["k-means, then margin"] >= m["ag_news"]["random"] + 0.015
        ),
        "auto above random": lambda m: m["ag_news"]["auto"] > m["ag_news"]["random"],
    },
)

if __name__ == "__main__":
    main(STUDY)
