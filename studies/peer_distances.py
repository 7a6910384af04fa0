"""Pairs that spread a batch: by distance, by coverage, by gradients."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any
from unittest import mock

import numpy as np
from sklearn.cluster import kmeans_plusplus

import querist
from peer_arrays import (
    ACTIVEML,
    CLASSES,
    LABELLED,
    SMALL,
    SMALL_TORCH,
    WIDTH,
    Data,
    Trial,
    activeml,
    classifier,
    data,
    distance,
    pair,
    regressor,
    rows_of,
    small,
    unit,
)
from querist.core.types import Array

# distance


@pair("k_center", "scikit-activeml", "CoreSet, with labelled items")
def core_set(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.CoreSet(random_state=seed), d.every, d.answers, 20)
    return Trial(rows_of("k_center", 20, embedding=d.x, labelled={"embedding": d.known}), rows)


@pair(
    "k_center",
    "scikit-activeml",
    "CoreSet, nothing labelled",
    "the peer's first pick is drawn at random, ours is the row farthest from the mean of the pool",
    "ours with the peer's first pick given as labelled",
    stochastic=True,
)
def core_set_bare(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.CoreSet(random_state=seed), d.x, np.full(len(d.x), np.nan), 20)
    after = rows_of("k_center", 19, embedding=d.x, labelled={"embedding": d.x[rows[:1]]})
    return Trial(rows_of("k_center", 20, embedding=d.x), rows, None, (after, rows[1:]))


@pair(
    "k_center",
    "small-text",
    "GreedyCoreset",
    "the peer scales embeddings to unit length first; it also fails where nothing is labelled",
    "ours on unit rows",
)
def coreset_small(seed: int) -> Trial:
    d = data(seed)
    rows = small(SMALL.GreedyCoreset(), d, 20)
    on_unit = rows_of("k_center", 20, embedding=unit(d.x), labelled={"embedding": unit(d.known)})
    fails = 0.0
    try:
        SMALL.greedy_coreset(d.x, np.arange(len(d.x)), np.array([], dtype=int), 3, distance_metric="euclidean")
    except ValueError:
        fails = 1.0
    return Trial(
        rows_of("k_center", 20, embedding=d.x, labelled={"embedding": d.known}),
        rows,
        None,
        (on_unit, rows),
        {"fails with nothing labelled": fails},
    )


@pair("gsx", "scikit-activeml", "GreedySamplingX, with labelled items")
def gsx(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.GreedySamplingX(random_state=seed), d.every, d.answers, 20)
    return Trial(rows_of("gsx", 20, embedding=d.x, labelled={"embedding": d.known}), rows)


@pair(
    "gsx",
    "scikit-activeml",
    "GreedySamplingX, nothing labelled",
    "the peer starts at the row of least summed distance to all rows, ours at the row nearest to their mean",
    "ours with the peer's first pick given as labelled",
)
def gsx_bare(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.GreedySamplingX(random_state=seed), d.x, np.full(len(d.x), np.nan), 20)
    after = rows_of("gsx", 19, embedding=d.x, labelled={"embedding": d.x[rows[:1]]})
    return Trial(rows_of("gsx", 20, embedding=d.x), rows, None, (after, rows[1:]))


def greedy_target(name: str, method: str) -> None:
    @pair(name, "scikit-activeml", f"GreedySamplingTarget({method})")
    def run(seed: int) -> Trial:
        d, rng = data(seed), np.random.default_rng(seed)
        slope = rng.normal(size=WIDTH)
        targets = d.known @ slope + rng.normal(size=LABELLED)
        y = np.concatenate([targets, np.full(len(d.x), np.nan)])
        rows, _ = activeml(
            ACTIVEML.GreedySamplingTarget(method=method, random_state=seed),
            d.every,
            y,
            20,
            reg=regressor(lambda x: x @ slope),
            fit_reg=False,
        )
        labelled = {"embedding": d.known, "targets": targets}
        return Trial(rows_of(name, 20, embedding=d.x, prediction=d.x @ slope, labelled=labelled), rows)


greedy_target("gsy", "GSy")
greedy_target("igs", "GSi")


@pair(
    "max_herding",
    "scikit-activeml",
    "MaxHerding",
    "the peer scales embeddings to unit length and takes gamma = 1 / D, ours a width from the labelled items",
    "the peer with normalize_samples=False and the gamma of ours",
)
def max_herding(seed: int) -> Trial:
    d, sigma = data(seed), 1.5
    kind = ACTIVEML.MaxHerding
    rows, _ = activeml(kind(random_state=seed), d.every, d.answers, 20)
    plain = kind(normalize_samples=False, metric_dict={"gamma": 0.5 / sigma**2}, random_state=seed)
    told, _ = activeml(plain, d.every, d.answers, 20)
    labelled = {"embedding": d.known}
    same = rows_of(f"max_herding(sigma={sigma})", 20, embedding=d.x, labelled=labelled)
    return Trial(rows_of("max_herding", 20, embedding=d.x, labelled=labelled), rows, None, (same, told))


def slack(d: Data, delta: float, choice: Iterable[int]) -> Array:
    """How many rows each pick covers less than the best pick would, balls of labelled and earlier picks being covered."""
    near = np.linalg.norm(d.x[:, None] - d.x, axis=2) < delta
    near[:, (np.linalg.norm(d.known[:, None] - d.x, axis=2) < delta).any(axis=0)] = False
    out = []
    for r in choice:
        counts = near.sum(axis=1)
        out.append(counts.max() - counts[r])
        near[:, near[r].copy()] = False
    return np.array(out, dtype=float)


@pair(
    "prob_cover(delta=2.5)",
    "scikit-activeml",
    "ProbCover(deltas=[2.5])",
    "many balls cover equally many rows, and each settles the ties by a draw of its own",
    "each pick of either covers as many rows as any can",
    stochastic=True,
)
def prob_cover(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.ProbCover(deltas=[2.5], random_state=seed), d.every, d.answers, 20)
    ours = rows_of("prob_cover(delta=2.5)", 20, embedding=d.x, labelled={"embedding": d.known}, seed=seed)
    return Trial(ours, rows, None, (np.r_[slack(d, 2.5, ours), slack(d, 2.5, rows)], np.zeros(40)))


@pair(
    "prob_cover",
    "scikit-activeml",
    "ProbCover",
    "the peer's radii are 0.2, 0.4 ... 2.0 whatever the scale of the embedding, ours are quantiles of its distances",
    "each pick of the peer covers as many rows as any can by its own radius",
    stochastic=True,
)
def prob_cover_default(seed: int) -> Trial:
    d = data(seed)
    strategy = ACTIVEML.ProbCover(n_classes=CLASSES, random_state=seed)
    rows, _ = activeml(strategy, d.every, d.answers, 20)
    chosen = querist.select("prob_cover", 20, embedding=d.x, probs=d.probs, labelled={"embedding": d.known}, seed=seed)
    radius = float(chosen.reasons[0].split("within ")[1].split()[0])
    return Trial(
        chosen.indices,
        rows,
        None,
        (slack(d, strategy.delta_max_, rows), np.zeros(20)),
        {"radius of ours": radius, "radius of the peer": float(strategy.delta_max_)},
    )


@pair(
    "lightweight_coreset",
    "small-text",
    "LightweightCoreset",
    "the peer's distance to the mean is the angle on unit rows, ours is Euclidean on the embedding as given",
    "the chances of all rows, from ours with the squared angle",
    stochastic=True,
)
def lightweight(seed: int) -> Trial:
    d = data(seed)
    seen: list[Array] = []

    def choice(a: Array, n: int, replace: bool, p: Array) -> Array:
        seen.append(np.array(p))
        return np.random.RandomState(seed).choice(a, n, replace=replace, p=p)

    with mock.patch.object(np.random, "choice", choice):
        rows = small(SMALL.LightweightCoreset(), d, 20)
    angle = (np.arccos(unit(d.x) @ unit(d.x.mean(axis=0)[None])[0]) / np.pi) ** 2
    whole = querist.select("lightweight_coreset", len(d.x), embedding=d.x)
    ours = np.empty(len(d.x))
    ours[whole.indices] = whole.scores
    return Trial(
        rows_of("lightweight_coreset", 20, embedding=d.x, seed=seed),
        rows,
        (ours, seen[0]),
        (0.5 / len(d.x) + 0.5 * angle / angle.sum(), seen[0]),
        {"total variation": distance(ours, seen[0])},
    )


# BADGE


@pair(
    "badge",
    "scikit-activeml",
    "Badge",
    "from the second pick on the peer keeps the squared lengths of the first as if they were distances, so that the "
    "origin counts as a chosen row",
    "the peer's chances of the second pick, from min(squared length, squared distance to the first)",
    stochastic=True,
)
def badge_activeml(seed: int) -> Trial:
    d = data(seed)
    rows, u = activeml(
        ACTIVEML.Badge(random_state=seed), d.every, d.answers, 10, clf=classifier(d.model.predict_proba), fit_clf=False
    )
    a, h = d.gradient
    g = (a[:, :, None] * h[:, None, :]).reshape(len(a), -1)
    lengths, away = (g**2).sum(axis=1), ((g - g[rows[0]]) ** 2).sum(axis=1)
    theirs = np.minimum(lengths, away)
    keep = np.arange(len(a)) != rows[0]
    ours = rows_of("badge", 10, gradient=d.gradient, seed=seed)
    return Trial(
        ours,
        rows,
        None,
        (u[1][keep], (theirs / theirs.sum())[keep]),
        {"same first pick": float(ours[0] == rows[0]), "total variation of the second": distance(away, theirs)},
    )


@pair(
    "badge",
    "small-text",
    "BADGE",
    "the peer's vectors are -p x h and not (p - onehot) x h, its k-means++ is handed lengths for squared lengths, and "
    "its first pick is drawn evenly and without a seed",
    "scikit-learn's k-means++ on -p x h with the wrong lengths",
    stochastic=True,
)
def badge_small(seed: int) -> Trial:
    d = data(seed)
    home = importlib.import_module("small_text.integrations.pytorch.query_strategies.strategies")
    plain = home.init_kmeans_plusplus_safe

    def seeded(x: Array, n: int, **more: Any) -> Any:
        return plain(x, n, **{**more, "random_state": np.random.RandomState(seed)})

    strategy = SMALL_TORCH.BADGE(CLASSES)
    with mock.patch.object(home, "init_kmeans_plusplus_safe", seeded):
        rows = small(strategy, d, 10)
    g = (-d.probs[:, :, None] * d.x[:, None, :]).reshape(len(d.x), -1)
    _, wrong = kmeans_plusplus(
        g, 10, x_squared_norms=np.linalg.norm(g, axis=1), random_state=np.random.RandomState(seed)
    )
    firsts = {small(strategy, d, 10)[0] for _ in range(20)}
    return Trial(
        rows_of("badge", 10, gradient=d.gradient, seed=seed),
        rows,
        None,
        (rows, wrong) if len(set(wrong.tolist())) == 10 else None,
        {"different first picks in 20 calls": float(len(firsts))},
    )
