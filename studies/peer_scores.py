"""Pairs that rate items: uncertainty, committees, BALD, lengths of gradients, several labels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

import querist
from peer_arrays import (
    ACTIVEML,
    CLASSES,
    LABELLED,
    REDUX,
    REGRESSOR,
    SAMPLES,
    SMALL,
    SMALL_TORCH,
    WIDTH,
    Data,
    Model,
    Rows,
    Trial,
    activeml,
    classifier,
    data,
    pair,
    regressor,
    rows_of,
    small,
)
from querist.core.types import Array

# uncertainty


def uncertainty(name: str, method: str, small_name: str) -> None:
    @pair(name, "scikit-activeml", f"UncertaintySampling({method})")
    def by_activeml(seed: int) -> Trial:
        d = data(seed)
        rows, u = activeml(
            ACTIVEML.UncertaintySampling(method=method, random_state=seed),
            d.every,
            d.answers,
            20,
            clf=classifier(d.model.predict_proba),
            fit_clf=False,
        )
        return Trial(rows_of(name, 20, probs=d.probs, seed=seed), rows, (querist.score(name, probs=d.probs), u[0]))

    @pair(name, "small-text", small_name)
    def by_small(seed: int) -> Trial:
        d, strategy = data(seed), getattr(SMALL, small_name)()
        rows = small(strategy, d, 20)
        sign = -1 if strategy.lower_is_better else 1
        theirs = sign * strategy.scores_[: len(d.x)]
        return Trial(rows_of(name, 20, probs=d.probs, seed=seed), rows, (querist.score(name, probs=d.probs), theirs))


uncertainty("entropy", "entropy", "PredictionEntropy")
uncertainty("margin", "margin_sampling", "BreakingTies")
uncertainty("least_confidence", "least_confident", "LeastConfidence")


# committees


def committee(name: str, method: str, why: str, variant: str) -> None:
    @pair(name, "scikit-activeml", f"QueryByCommittee({method})", why, variant)
    def run(seed: int) -> Trial:
        d = data(seed)
        rows, u = _committee(d, method, seed)
        ours = querist.score(name, members=d.members)
        given = np.array([[[1.0, 0.0]], [[0.5, 0.5]]])
        ACTIVEML.average_kl_divergence(given)
        figures = {"changes the array it is given": float(given[0, 0, 1] != 0)} if method == "KL_divergence" else {}
        choice = rows_of(name, 20, members=d.members, seed=seed)
        return Trial(choice, rows, (ours, u), (ours, u) if variant else None, figures)


def _committee(d: Data, method: str, seed: int) -> tuple[list[int], Array]:
    strategy = ACTIVEML.QueryByCommittee(method=method, sample_predictions_method_name="sample", random_state=seed)
    rows, u = activeml(
        strategy, d.every, d.answers, 20, ensemble=classifier(d.model.predict_proba, d.members), fit_ensemble=False
    )
    return rows, u[0]


_TIES = "the scores are equal and so are many items: each settles the ties by a draw of its own"
committee("consensus_kl", "KL_divergence", "", "")
committee("vote_entropy", "vote_entropy", _TIES, "the scores of both")
committee("variation_ratio", "variation_ratios", _TIES, "the scores of both")


@pair("pred_variance", "scikit-activeml", "QueryByCommittee of regressors")
def spread(seed: int) -> Trial:
    d = data(seed)
    numbers = d.members @ np.arange(CLASSES)

    def column(s: int, x: Array) -> Array:
        return np.asarray(numbers[:, s])

    told = [regressor(partial(column, s)) for s in range(SAMPLES)]
    for one in told:
        one.fitted_ = True
    rows, u = activeml(
        ACTIVEML.QueryByCommittee(random_state=seed), d.every, d.answers, 20, ensemble=told, fit_ensemble=False
    )
    ours = querist.score("pred_variance", members=numbers)
    return Trial(rows_of("pred_variance", 20, members=numbers, seed=seed), rows, (ours, u[0]))


# BALD


@pair("bald", "scikit-activeml", "GreedyBALD")
def bald_activeml(seed: int) -> Trial:
    d = data(seed)
    rows, u = activeml(
        ACTIVEML.GreedyBALD(sample_predictions_method_name="sample", random_state=seed),
        d.every,
        d.answers,
        20,
        ensemble=classifier(d.model.predict_proba, d.members),
        fit_ensemble=False,
    )
    return Trial(rows_of("bald", 20, members=d.members), rows, (querist.score("bald", members=d.members), u[0]))


@pair("bald", "small-text", "BALD")
def bald_small(seed: int) -> Trial:
    d = data(seed)
    model = Model(d.model.predict_proba, np.concatenate([d.members, np.full((LABELLED, SAMPLES, CLASSES), 0.25)]))
    return Trial(rows_of("bald", 20, members=d.members), small(SMALL.BALD(SAMPLES), d, 20, model))


def logs(d: Data) -> Any:
    import torch

    return torch.log(torch.from_numpy(d.members.copy()))


@pair("bald", "batchbald-redux", "get_bald_batch")
def bald_redux(seed: int) -> Trial:
    d = data(seed)
    return Trial(rows_of("bald", 20, members=d.members), REDUX.get_bald_batch(logs(d), 20).indices)


@pair(
    "batch_bald",
    "batchbald-redux",
    "get_batchbald_batch, 5 items, exact",
    variant="the joint information after each pick",
)
def batch_bald_redux(seed: int) -> Trial:
    import torch

    d = data(seed)
    found = REDUX.get_batchbald_batch(logs(d), 5, CLASSES**5, dtype=torch.double)
    ours = querist.select("batch_bald", 5, members=d.members, seed=seed)
    joint = np.cumsum(ours.scores)  # ours are what each pick adds
    return Trial(ours.indices, found.indices, (joint, np.array(found.scores)), (joint, np.array(found.scores)))


@pair(
    "batch_bald",
    "batchbald-redux",
    "get_batchbald_batch, 10 items, 10,000 samples",
    "once configurations exceed the samples the peer draws new ones for each pick, where ours thins them without bias",
    "the picks before sampling starts",
    stochastic=True,
)
def batch_bald_sampled(seed: int) -> Trial:
    import torch

    d = data(seed)
    torch.manual_seed(seed)
    found = REDUX.get_batchbald_batch(logs(d), 10, 10_000, dtype=torch.double).indices
    ours = rows_of("batch_bald", 10, members=d.members, seed=seed)
    return Trial(ours, found, None, (ours[:7], found[:7]))


@pair(
    "batch_bald",
    "scikit-activeml",
    "BatchBALD, 5 items",
    "the peer's default number of configurations is the number of members, so that joint entropies are guessed from "
    "a draw or two after the first picks",
    "the peer with n_MC_samples=4**5, which is exact",
    stochastic=True,
)
def batch_bald_activeml(seed: int) -> Trial:
    d = data(seed)

    def peer(samples: int | None) -> list[int]:
        return activeml(
            ACTIVEML.BatchBALD(n_MC_samples=samples, sample_predictions_method_name="sample", random_state=seed),
            d.every,
            d.answers,
            5,
            ensemble=classifier(d.model.predict_proba, d.members),
            fit_ensemble=False,
        )[0]

    ours = rows_of("batch_bald", 5, members=d.members, seed=seed)
    few = {"distinct items of 5 with 9 configurations for 10 members": float(len(set(peer(SAMPLES - 1))))}
    return Trial(ours, peer(None), None, (ours, peer(CLASSES**5)), few)


# gradients


def lengths(strategy: Any, d: Data, n: int) -> tuple[list[int], Array]:
    """Rows and scores of a gradient length of small-text, on a linear layer with the model's weights."""
    import torch

    layer = torch.nn.Linear(WIDTH, CLASSES).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(d.model.coef_))
        layer.bias.copy_(torch.from_numpy(d.model.intercept_))

    class Holder:
        model = torch.nn.Sequential(layer)

    strategy.device = "cpu"
    out = np.zeros(len(d.x))
    strategy.compute_gradient_lengths(
        Holder, torch.nn.CrossEntropyLoss(reduction="none"), out, 0, torch.from_numpy(d.x)
    )
    return [int(r) for r in strategy.finalize_results(n, np.arange(len(d.x)), out)], out


@pair(
    "egl",
    "small-text",
    "ExpectedGradientLength",
    "the peer's length is the sum of absolute values (the root is taken of each square before the sum), over all layers",
    "the sum over classes of p |p - onehot|_1 (|h|_1 + 1)",
)
def egl(seed: int) -> Trial:
    d = data(seed, 300)
    rows, u = lengths(SMALL_TORCH.ExpectedGradientLength(CLASSES, device="cpu"), d, 20)
    residual = np.abs(d.probs[:, None] - np.eye(CLASSES)).sum(axis=2)
    absolute = (d.probs * residual).sum(axis=1) * (np.abs(d.x).sum(axis=1) + 1)
    ours = querist.score("egl", probs=d.probs, embedding=d.x)
    return Trial(rows_of("egl", 20, probs=d.probs, embedding=d.x), rows, (ours, u), (absolute.astype(np.float32), u))


@pair(
    "egl",
    "small-text",
    "ExpectedGradientLengthLayer",
    "the peer counts the bias term; it also cannot be told to run on the CPU, its device is always cuda",
    "ours with a column of ones",
)
def egl_layer(seed: int) -> Trial:
    d = data(seed, 300)
    rows, u = lengths(SMALL_TORCH.ExpectedGradientLengthLayer(CLASSES, "0"), d, 20)
    with_bias = querist.score("egl", probs=d.probs, embedding=np.c_[d.x, np.ones(len(d.x))])
    ours = querist.score("egl", probs=d.probs, embedding=d.x)
    return Trial(rows_of("egl", 20, probs=d.probs, embedding=d.x), rows, (ours, u), (with_bias.astype(np.float32), u))


@pair(
    "emcm",
    "scikit-activeml",
    "ExpectedModelChangeMaximization",
    "the peer measures members against the fit on all rows, ours against their mean; the peer also draws N x ceil(N / 2) "
    "+ 1 rows for each member where half of N is meant, so that all members are nearly the same fit",
    "the mean of |f - f_s| |h| with the peer's own members",
    stochastic=True,
)
def emcm(seed: int) -> Trial:
    d = data(seed, 300)
    rng = np.random.default_rng(seed)
    y = np.r_[d.known @ rng.normal(size=WIDTH) + rng.normal(size=LABELLED), np.full(len(d.x), np.nan)]
    sizes: list[int] = []
    told: list[Array] = []

    class Least(REGRESSOR):  # type: ignore[misc]
        def __init__(self, missing_label: float = np.nan, random_state: int | None = None) -> None:
            super().__init__(missing_label=missing_label, random_state=random_state)

        def fit(self, x: Array, y: Array) -> Any:
            sizes.append(len(x))
            there = ~np.isnan(y)
            self.slope_ = np.linalg.lstsq(x[there], y[there], rcond=None)[0]
            return self

        def predict(self, x: Array) -> Array:
            told.append(np.asarray(x @ self.slope_))
            return told[-1]

    rows, u = activeml(ACTIVEML.ExpectedModelChangeMaximization(random_state=seed), d.every, y, 20, reg=Least())
    members, whole = np.stack(told[:-1], axis=1), told[-1]
    theirs = np.abs(members - whole[:, None]).mean(axis=1) * np.linalg.norm(d.x, axis=1)
    ours = querist.score("emcm", members=members, embedding=d.x)
    return Trial(
        rows_of("emcm", 20, members=members, embedding=d.x),
        rows,
        (ours, u[0]),
        (theirs, u[0]),
        {"rows drawn for a member": float(sizes[1]), "rows there are": float(len(d.every))},
    )


# several labels


@pair(
    "cvirs",
    "small-text",
    "CategoryVectorInconsistencyAndRanking",
    "the peer computes the entropy distance and then uses the Hamming distance, takes p less the sum of the row for the "
    "margin, and adds places in the sorted order where ranks are meant",
    "those three in a few lines",
)
def cvirs(seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    p, y = rng.beta(0.6, 0.9, (300, 6)), (rng.random((LABELLED, 6)) < 0.4).astype(int)
    model = Model(lambda x: p[: len(x)])
    rows = SMALL.CategoryVectorInconsistencyAndRanking(pbar=None).query(
        model, Rows(p), np.arange(300), np.arange(0), sparse.csr_matrix(y), n=20
    )
    hamming = ((p > 0.5).astype(int)[:, None] != y).mean(axis=2).sum(axis=1)
    places = np.argsort(np.abs(p - p.sum(axis=1, keepdims=True)), axis=0)
    wrong = hamming * (300 - places).sum(axis=1)
    ours = rows_of("cvirs", 20, multilabel=p, labelled={"multilabel": y.astype(float)})
    return Trial(ours, rows, None, (np.argsort(-wrong)[:20], rows))
