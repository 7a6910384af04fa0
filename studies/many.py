"""Which strategy when: seventeen strategies on ten real data sets, thirty seeds, mean ranks and paired comparisons.

Usage: python studies/many.py [--short] [--seeds 30]. Writes many.json and ../docs/images/critical-difference.svg.
"""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression

import querist
from harness import ROOT, Curve, Study, data_folder, main
from querist.benchmark.statistics import sign_flip
from querist.core.types import Array
from simulate import simulate

BUDGET, BATCH = 150, 10
SETS = (
    "digits", "usps", "fashion", "ag_news", "trec6", "cr", "splice", "vehicle", "german", "banana",
)  # fmt: skip
STRATEGIES = {
    "random": "random",
    "auto": "auto",
    "margin": "margin",
    "entropy": "entropy",
    "least_confidence": "least_confidence",
    "power_margin": "power_margin",
    "badge": "badge",
    "k_center": "k_center",
    "k_means": "k_means",
    "typiclust": "typiclust",
    "prob_cover": "prob_cover",
    "uherding": "uherding",
    "hybrid": "shortlist(margin, times=10) | k_means",
    "cluster_margin": "cluster_margin",
    "tcm": "tcm",
    "galaxy": "galaxy",
    "contrastive": "contrastive",
}


def lines(*path: str) -> list[dict[str, Any]]:
    """The rows of a packed file of JSON lines."""
    with gzip.open(data_folder().joinpath(*path), "rt", encoding="utf-8") as found:
        return [json.loads(line) for line in found]


def _texts(texts: Sequence[str], width: int) -> Array:
    """TF-IDF and LSA of the given texts, unit rows; no label is used."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    counts = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words=None).fit_transform(texts)
    return np.asarray(normalize(TruncatedSVD(width, random_state=0).fit_transform(counts)))


def _pixels(images: Array, width: int) -> Array:
    """Principal components of pixels in 0..1."""
    from sklearn.decomposition import PCA

    return np.asarray(PCA(width, random_state=0).fit_transform(images.reshape(len(images), -1) / 255.0))


@cache
def table(name: str) -> tuple[Array, Array]:
    """Features of at most 4,000 items and their class numbers."""
    rng = np.random.default_rng(0)
    if name == "digits":
        from sklearn.datasets import load_digits

        found = load_digits()
        return found.data / 16.0, found.target
    if name in ("usps", "fashion"):
        file = "usps.npz" if name == "usps" else "fashion_mnist.npz"
        with np.load(data_folder() / "images" / file, allow_pickle=False) as arrays:
            rows = rng.choice(len(arrays["train_labels"]), 4000, replace=False)
            return _pixels(arrays["train_images"][rows], 50), arrays["train_labels"][rows].astype(np.int64)
    if name in ("ag_news", "trec6", "cr"):
        folder = data_folder() / "text" / name
        whole = "train.jsonl.gz" if (folder / "train.jsonl.gz").exists() else "all.jsonl.gz"
        found_lines = lines("text", name, whole)
        rows = rng.choice(len(found_lines), min(4000, len(found_lines)), replace=False)
        texts = [found_lines[int(r)]["text"] for r in rows]
        return _texts(texts, 100), np.array([int(found_lines[int(r)]["label"]) for r in rows])
    with np.load(data_folder() / "tabular" / "pool_al" / f"{name}.npz", allow_pickle=False) as arrays:
        x, y = arrays["X"].astype(np.float64), arrays["y"].astype(np.int64)
    rows = rng.choice(len(y), min(4000, len(y)), replace=False)
    x, y = x[rows], y[rows]
    deviation = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    if name == "banana":  # two dimensions and no straight boundary: random Fourier features
        waves = rng.normal(size=(2, 50)) * 1.5
        scaled = np.cos(scaled @ waves + rng.uniform(0, 2 * np.pi, 50)) / 5.0
    return scaled, y


def one(name: str, strategy: str, seed: int) -> Curve:
    """70/30 split, two random labels a class to start, then queries of ten by logistic regression with C = 10."""
    warnings.simplefilter("ignore")
    x, y = table(name)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    cut = round(0.7 * len(y))
    pool, test = order[:cut], order[cut:]
    start = [int(r) for c in np.unique(y) for r in rng.choice(np.flatnonzero(y[pool] == c), 2, replace=False)]
    return simulate(
        (x[pool], y[pool]),
        (x[test], y[test]),
        lambda source, schema: querist.SklearnLearner(LogisticRegression(C=10.0, max_iter=200), source, schema),
        strategy,
        start=start,
        batch=BATCH,
        rounds=BUDGET // BATCH,
        seed=seed,
    )


def area(curve: Curve) -> float:
    """Trapezoid area under accuracy over labels, divided by the label range."""
    labels, values = np.array(curve).T
    return float(np.trapezoid(values, labels) / (labels[-1] - labels[0]))


def ranks(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """Mean ranks over data sets (1 is best), Friedman's test, Nemenyi's critical difference at .05, wins and losses."""
    names = list(STRATEGIES)
    means = np.array([[np.mean(figures[d][s]) for s in names] for d in SETS])
    places = np.array([stats.rankdata(-row) for row in means])
    k, n = len(names), len(SETS)
    critical = float(stats.studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))
    friedman = stats.friedmanchisquare(*means.T)
    table_: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        wins, ties, losses = 0, 0, 0
        for d in SETS:
            gaps = [a - b for a, b in zip(figures[d][name], figures[d]["random"], strict=True)]
            p = sign_flip(gaps, seed=0) if name != "random" else 1.0
            bar = 0.05 / (k - 1)  # Bonferroni over the strategies of a data set
            mean = float(np.mean(gaps))
            wins += int(p < bar and mean > 0)
            losses += int(p < bar and mean < 0)
            ties += int(p >= bar)
        table_[name] = {
            "mean_rank": round(float(places[:, place].mean()), 3),
            "versus_random": {"win": wins, "tie": ties, "loss": losses},
        }
    return {
        "critical_difference": round(critical, 3),
        "friedman_p": float(friedman.pvalue),
        "strategies": dict(sorted(table_.items(), key=lambda kv: kv[1]["mean_rank"])),
    }


def draw(result: Mapping[str, Any], target: Path) -> None:
    """The critical-difference picture: mean ranks on a line, a bar as long as the critical difference."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    table_ = result["strategies"]
    names, places = list(table_), [row["mean_rank"] for row in table_.values()]
    figure, axes = pyplot.subplots(figsize=(7, 0.32 * len(names) + 1.2))
    axes.set_ylim(-0.6, len(names) - 0.1)
    axes.barh(range(len(names)), places, color=["#888" if n == "random" else "#4a7ab5" for n in names])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("mean rank over the data sets (1 is best)")
    best = places[0]
    axes.axvline(best + result["critical_difference"], color="#b33", linestyle="--")
    axes.text(
        best + result["critical_difference"] + 0.15,
        0.2,
        "critical difference from the best",
        color="#b33",
        ha="left",
    )
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


def _beats(figures: Mapping[str, Mapping[str, float]]) -> int:
    return sum(row["auto"] > row["random"] for row in figures.values())


STUDY = Study(
    name="many",
    row="Which strategy when",
    source="none: a comparison of our own",
    recipe=(
        "Features fixed beforehand without labels: digits 64 pixels; USPS and Fashion-MNIST 50 principal components of "
        "4,000 random training images; AG News, TREC-6 and CR TF-IDF with LSA-100 of at most 4,000 texts; splice, vehicle, "
        "german standardised; banana 50 random Fourier features. 70/30 split by the seed, two labels a class to start, 15 "
        "queries of ten, logistic regression C=10. Area under accuracy over labels."
    ),
    datasets=SETS,
    strategies=STRATEGIES,
    one=one,
    figure=area,
    figure_name="area under accuracy over labels",
    published={},
    seeds=30,
    short=1,
    checks={
        "auto above random on at least nine of the ten": lambda m: _beats(m) >= 9,
        "margin above entropy on average": lambda m: (
            np.mean([r["margin"] for r in m.values()]) > np.mean([r["entropy"] for r in m.values()])
        ),
    },
    extra=ranks,
)

if __name__ == "__main__":
    main(STUDY)
    if "--short" not in sys.argv:
        with (ROOT / "many.json").open(encoding="utf-8") as written:
            draw(json.load(written)["extra"], ROOT.parent / "docs" / "images" / "critical-difference.svg")
