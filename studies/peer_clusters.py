"""Pairs that cluster, look at neighbours, draw by relevance or tell labelled items apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from peer_arrays import (
    ACTIVEML,
    CLASSES,
    LABELLED,
    SMALL,
    WIDTH,
    WRAPPED,
    Data,
    Rows,
    Trial,
    activeml,
    classifier,
    data,
    distance,
    groups,
    pair,
    rows_of,
    small,
    unit,
)
from querist.core.types import Array

# clusters


@pair(
    "typiclust",
    "scikit-activeml",
    "TypiClust",
    "the peer measures typicality by 5 neighbours where ours takes min(20, half the cluster), and k-means starts "
    "elsewhere",
    "30 groups far apart, the peer with k=20 and n_init=10",
    stochastic=True,
)
def typiclust(seed: int) -> Trial:
    d = data(seed)
    rows, _ = activeml(ACTIVEML.TypiClust(random_state=seed), d.every, d.answers, 20)
    x, known = groups(seed)
    y = np.r_[np.zeros(len(known)), np.full(len(x), np.nan)]
    kind = ACTIVEML.TypiClust(k=20, cluster_algo_dict={"n_init": 10}, random_state=seed)
    told, _ = activeml(kind, np.concatenate([known, x]), y, 20)
    apart = rows_of("typiclust", 20, embedding=x, labelled={"embedding": known}, seed=seed)
    ours = rows_of("typiclust", 20, embedding=d.x, labelled={"embedding": d.known}, seed=seed)
    return Trial(ours, rows, None, (apart, told))


@pair(
    "clue",
    "scikit-activeml",
    "Clue",
    "k-means starts elsewhere; the peer's start is not seeded by random_state",
    "30 groups far apart, the peer with n_init=10",
    stochastic=True,
)
def clue(seed: int) -> Trial:
    d = data(seed)

    def peer(x: Array, known: Array, p: Callable[[Array], Array], n: int, **more: Any) -> list[int]:
        y = np.r_[np.zeros(len(known)), np.full(len(x), np.nan)]
        kind = ACTIVEML.Clue(cluster_algo_dict={"random_state": seed, **more}, random_state=seed)
        every = np.concatenate([known, x])
        return activeml(kind, every, y, n, estimator=classifier(p), fit_estimator=False)[0]

    def unseeded() -> list[int]:
        return peer(d.x, d.known, d.model.predict_proba, 20, random_state=None)

    x, known = groups(seed)
    p = np.random.default_rng(seed).dirichlet(np.ones(CLASSES), len(x))
    apart = rows_of("clue", 30, embedding=x, probs=p, seed=seed)
    return Trial(
        rows_of("clue", 20, embedding=d.x, probs=d.probs, seed=seed),
        peer(d.x, d.known, d.model.predict_proba, 20),
        None,
        (apart, peer(x, known, lambda _: p, 30, n_init=10)),
        {"choices in 5 calls with one seed": float(len({tuple(sorted(unseeded())) for _ in range(5)}))},
    )


@pair(
    "k_means",
    "small-text",
    "EmbeddingKMeans",
    "the peer scales embeddings to unit length, takes the row of largest product with each centre, and its k-means has "
    "no seed",
    "8 groups of directions far apart, ours on unit rows",
    stochastic=True,
)
def k_means(seed: int) -> Trial:
    d = data(seed)
    np.random.seed(seed)  # noqa: NPY002
    rows = small(SMALL.EmbeddingKMeans(), d, 20)
    rng = np.random.default_rng(seed)
    x = unit(np.repeat(np.eye(WIDTH), 50, axis=0) + rng.normal(0, 0.05, (8 * 50, WIDTH)))
    told = small(SMALL.EmbeddingKMeans(), Data(x, d.known, d.labels, d.model, d.members), 8)
    return Trial(
        rows_of("k_means", 20, embedding=d.x, seed=seed),
        rows,
        None,
        (rows_of("k_means", 8, embedding=x, seed=seed), told),
    )


@pair(
    "drop_query",
    "scikit-activeml",
    "DropQuery",
    "the candidates are the same, k-means starts elsewhere and is not seeded by random_state",
    "the same passes, 8 groups far apart, the peer with n_init=10",
    stochastic=True,
)
def drop_query(seed: int) -> Trial:
    d = data(seed)

    def both(embedding: Array, n: int, **more: Any) -> tuple[list[int], list[int]]:
        model = classifier(d.model.predict_proba, embedding=embedding)
        kind = ACTIVEML.DropQuery(
            cluster_algo_dict={"random_state": seed, **more}, clf_embedding_flag_name="told", random_state=seed
        )
        rows, _ = activeml(kind, d.every, d.answers, n, clf=model, fit_clf=False)
        passes = np.eye(CLASSES)[np.stack(model.passes, axis=1)]
        return rows_of("drop_query", n, probs=d.probs, members=passes, embedding=embedding, seed=seed), rows

    ours, rows = both(d.x, 20)
    centres = 60.0 * np.eye(WIDTH)[np.arange(len(d.x)) % WIDTH]
    apart = centres + np.random.default_rng(seed).normal(size=d.x.shape)
    return Trial(ours, rows, None, both(apart, 8, n_init=10))


# neighbours


@pair(
    "contrastive",
    "scikit-activeml",
    "ContrastiveAL",
    "the peer takes 5 labelled neighbours, ours 10",
    "the peer with n_neighbors=10",
)
def contrastive_activeml(seed: int) -> Trial:
    d = data(seed)

    def peer(**more: Any) -> tuple[list[int], Array]:
        rows, u = activeml(
            ACTIVEML.ContrastiveAL(random_state=seed, **more),
            d.every,
            d.answers,
            20,
            clf=classifier(d.model.predict_proba),
            fit_clf=False,
        )
        return rows, u[0]

    signals: dict[str, Any] = {
        "probs": d.probs,
        "embedding": d.x,
        "labelled": {"probs": d.known_probs, "embedding": d.known},
    }
    rows, u = peer()
    told, _ = peer(nearest_neighbors_dict={"n_neighbors": 10})
    ours = rows_of("contrastive", 20, **signals)
    return Trial(ours, rows, (querist.score("cal", **signals), u), (ours, told))


@pair(
    "contrastive",
    "small-text",
    "ContrastiveActiveLearning",
    "the peer's neighbours are among all items, the item itself and unlabelled ones too, and rows have unit length",
    "ours on unit rows with pool and labelled items together given as labelled",
)
def contrastive_small(seed: int) -> Trial:
    d = data(seed)
    rows = small(SMALL.ContrastiveActiveLearning(pbar=None), d, 20)
    signals: dict[str, Any] = {
        "probs": d.probs,
        "embedding": d.x,
        "labelled": {"probs": d.known_probs, "embedding": d.known},
    }
    all_items = {
        "probs": np.concatenate([d.probs, d.known_probs]),
        "embedding": np.concatenate([unit(d.x), unit(d.known)]),
    }
    told = rows_of("contrastive", 20, probs=d.probs, embedding=unit(d.x), labelled=all_items)
    return Trial(rows_of("contrastive", 20, **signals), rows, None, (told, rows))


@pair(
    "near_labelled(k=5) | entropy",
    "small-text with hnswlib",
    "SEALS(PredictionEntropy, k=5)",
    "the peer scales embeddings to unit length",
    "the peer with normalize=False",
)
def seals(seed: int) -> Trial:
    d = data(seed)
    ours = rows_of("near_labelled(k=5) | entropy", 20, probs=d.probs, embedding=d.x, labelled={"embedding": d.known})

    def peer(normalize: bool) -> list[int]:
        return small(SMALL.SEALS(SMALL.PredictionEntropy(), k=5, normalize=normalize), d, 20)

    return Trial(ours, peer(True), None, (ours, peer(False)))


@pair("anchors(n=100, per_class=40) | entropy", "small-text with hnswlib", "AnchorSubsampling(100, num_anchors=40)")
def anchors(seed: int) -> Trial:
    d = data(seed)
    strategy = SMALL.AnchorSubsampling(SMALL.PredictionEntropy(), subsample_size=100, num_anchors=40)
    labelled = {"embedding": d.known, "labels": d.labels}
    text = "anchors(n=100, per_class=40) | entropy"
    return Trial(rows_of(text, 20, probs=d.probs, embedding=d.x, labelled=labelled), small(strategy, d, 20))


# FALCUN


@pair(
    "falcun",
    "scikit-activeml",
    "Falcun",
    "the peer does not scale the distances at the first pick, and carries scaled distances on to the next one; the "
    "authors' code scales them afresh each time, as ours does",
    "the peer's chances of the first three picks in a few lines; ours at the first pick by the same lines with scaling",
    stochastic=True,
)
def falcun(seed: int) -> Trial:
    d = data(seed)
    p = d.probs
    rows, u = activeml(
        ACTIVEML.Falcun(random_state=seed), d.every, d.answers, 10, clf=classifier(d.model.predict_proba), fit_clf=False
    )
    top = -np.sort(-p, axis=1)
    unsure = 1 - (top[:, 0] - top[:, 1])

    def scaled(v: Array) -> Array:
        return np.asarray((v - v.min()) / (v.max() - v.min()))

    carried, chances = unsure.copy(), []
    for turn in range(3):
        if turn:
            carried = scaled(np.minimum(carried, np.abs(p - p[rows[turn - 1]]).sum(axis=1)))
        weights = (unsure + carried) ** 10
        weights[rows[:turn]] = 0
        weights /= weights.sum()
        weights[rows[:turn]] = np.nan
        chances.append(weights)
    ours = querist.select("falcun", 10, probs=p, seed=seed)
    first = int(ours.indices[0])
    mine = unsure + scaled(unsure)
    left = np.setdiff1d(np.arange(len(p)), rows[:2])
    away = np.minimum(unsure, np.abs(p[:, None] - p[rows[:2]]).sum(axis=2).min(axis=1))
    third = np.zeros(len(p))
    third[left] = unsure[left] + scaled(away[left])
    return Trial(
        ours.indices,
        rows,
        None,
        (
            np.r_[np.nan_to_num(u[:3]).ravel(), ours.scores[0]],
            np.r_[np.nan_to_num(np.array(chances)).ravel(), mine[first]],
        ),
        {
            "total variation of the first": distance(mine**10, chances[0]),
            "total variation of the third": distance(third**10, np.nan_to_num(chances[2])),
        },
    )


# telling apart


@pair(
    "discriminative(sub_batches=10)",
    "scikit-activeml",
    "DiscriminativeAL(logistic regression)",
    "the peer takes any classifier, trained to the end on all rows after each pick; ours is a network stopped at 98 %",
    "a loop with the same logistic regression",
    stochastic=True,
)
def discriminative_activeml(seed: int) -> Trial:
    d = data(seed)
    strategy = ACTIVEML.DiscriminativeAL(random_state=seed)
    rows, _ = activeml(
        strategy, d.every, d.answers, 10, discriminator=WRAPPED.SklearnClassifier(LogisticRegression(), classes=[0, 1])
    )
    chosen: list[int] = []
    for _ in range(10):
        known = np.zeros(len(d.every), dtype=bool)
        known[:LABELLED] = True
        known[[LABELLED + r for r in chosen]] = True
        rated = LogisticRegression().fit(d.every, (~known).astype(int)).predict_proba(d.every)[:, 1]
        rated[known] = -1
        chosen.append(int(rated.argmax()) - LABELLED)
    ours = rows_of("discriminative(sub_batches=10)", 10, embedding=d.x, labelled={"embedding": d.known}, seed=seed)
    return Trial(ours, rows, None, (chosen, rows))


@pair(
    "discriminative",
    "small-text",
    "DiscriminativeActiveLearning(logistic regression, 10)",
    "the peer takes any classifier, and its candidates come from NumPy's global generator; ours is a network stopped at "
    "98 %",
    "a loop with the same logistic regression and the same draws",
    stochastic=True,
)
def discriminative_small(seed: int) -> Trial:
    d = data(seed)

    class Logistic:
        def new(self) -> Logistic:
            return Logistic()

        def fit(self, rows: Rows) -> Logistic:
            self.model = LogisticRegression().fit(rows.x, rows.y)
            return self

        def predict_proba(self, rows: Rows) -> Array:
            return np.asarray(self.model.predict_proba(rows.x))

    np.random.seed(seed)  # noqa: NPY002
    rows = small(SMALL.DiscriminativeActiveLearning(Logistic(), 10), d, 20)
    draw = np.random.RandomState(seed)
    left, known, chosen = np.arange(len(d.x)), list(d.known), list[int]()
    for _ in range(10):
        some = draw.choice(left, min(10 * len(known), len(left)), replace=False)
        x = np.concatenate([d.x[some], np.array(known)])
        model = LogisticRegression().fit(x, np.repeat([1, 0], [len(some), len(known)]))
        best = np.argsort(-model.predict_proba(d.x[left])[:, 1])[:2]
        chosen += left[best].tolist()
        known += list(d.x[left[best]])
        left = np.delete(left, best)
    ours = rows_of("discriminative", 20, embedding=d.x, labelled={"embedding": d.known}, seed=seed)
    return Trial(ours, rows, None, (chosen, rows))
