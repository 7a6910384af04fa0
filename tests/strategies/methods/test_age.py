"""`age`: its three percentiles against the authors' way of counting, its weights by round."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, GRAPH, PROBS, Context, View
from querist.strategies.kernels.graphs import page_rank, undirected
from querist.strategies.methods.age import Age, percentile
from wholes import within


def context(seed: int = 0, round: int = 0, size: int = 30) -> Context:
    rng = np.random.default_rng(4)
    graph = csr_array((rng.random((size, size)) < 0.15).astype(float))
    signals = {PROBS: rng.dirichlet(np.ones(3), size), EMBEDDING: rng.normal(size=(size, 2)), GRAPH: graph}
    return Context(pool=View(size, signals), seed=seed, round=round)


def test_percentile_counts_what_is_smaller() -> None:
    values = np.array([2.0, 5.0, 2.0, 9.0])
    want = [sum(other < v for other in values) / len(values) for v in values]
    assert percentile(values).tolist() == want == [0.0, 0.5, 0.0, 0.75]


def test_with_one_cluster_it_is_the_formula() -> None:
    ctx = context(round=5)
    p, x, graph = ctx.pool[PROBS], ctx.pool[EMBEDDING], ctx.pool[GRAPH]
    part = Age(clusters=1)
    alpha, beta, gamma = part.weights(ctx)
    distance = np.sqrt(((x - x.mean(0)) ** 2).sum(1))
    want = (
        alpha * percentile(-(p * np.log(p)).sum(1))
        + beta * percentile(1 / (1 + distance))
        + gamma * percentile(page_rank(undirected(graph)))
    )
    assert part.rate(ctx) == pytest.approx(want)


def test_over_the_whole_percentiles_and_page_rank_are_of_all_nodes() -> None:
    ctx = context(round=5)
    p, x, graph = ctx.pool[PROBS], ctx.pool[EMBEDDING], ctx.pool[GRAPH]
    rows = [7, 3, 20, 11, 0]
    inside = within({PROBS: p, EMBEDDING: x, GRAPH: graph}, rows, labelled=[1, 2], round=5)
    part = Age(clusters=1)
    alpha, beta, gamma = part.weights(inside)
    distance = np.sqrt(((x - x.mean(0)) ** 2).sum(1))
    pairs = ((alpha, -(p * np.log(p)).sum(1)), (beta, -distance), (gamma, page_rank(undirected(graph))))
    want = [sum(w * np.mean([other < v[r] for other in v]) for w, v in pairs) for r in rows]
    assert part.rate(inside) == pytest.approx(np.array(want))
    assert (
        f"entropy {-(p[20] * np.log(p[20])).sum():.2f} nats" in part.explain(inside, np.array([2]), np.array([0.5]))[0]
    )
    assert part.needs.whole == {PROBS, EMBEDDING, GRAPH}
    assert Age(whole=False).needs.whole == frozenset()


def test_weights_sum_to_one_and_leave_the_graph_for_the_model() -> None:
    ctx = context()
    early = np.array([Age().weights(dataclasses.replace(ctx, seed=s)) for s in range(400)])
    late = np.array([Age().weights(dataclasses.replace(ctx, seed=s, round=200)) for s in range(400)])
    assert early.sum(1) == pytest.approx(np.ones(400))
    assert (early[:, 0] == early[:, 1]).all()
    # Beta(1, b) has mean 1 / (1 + b): b is .005 at first and 1.005 in the end; deviations of the means below .015
    assert early[:, 2].mean() == pytest.approx(1 / 1.005, abs=0.02)
    assert late[:, 2].mean() == pytest.approx(1 / 2.005, abs=0.06)
    assert late[:, 2].std() == pytest.approx(1 / np.sqrt(12), abs=0.03)


def test_reasons_name_the_weights() -> None:
    ctx = context()
    reason = Age().explain(ctx, np.array([3]), np.array([0.5]))[0]
    assert reason.startswith("mean percentile 50 (weights: entropy 0.")
    assert "PageRank" in reason
    assert "nats" in reason


def test_the_order_of_the_pool_does_not_matter() -> None:
    ctx = context()
    ids = np.arange(30)
    order = np.random.default_rng(1).permutation(30)
    p, x, graph = ctx.pool[PROBS], ctx.pool[EMBEDDING], ctx.pool[GRAPH]
    a = querist.score("age", probs=p, embedding=x, graph=graph, ids=ids)
    b = querist.score("age", probs=p[order], embedding=x[order], graph=graph[order][:, order], ids=ids[order])
    assert b == pytest.approx(a[order], abs=1e-12)


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match=r"decay must be a number from 0 to 1, got 1\.5"):
        Age(decay=1.5)
    with pytest.raises(ArgumentTypeError, match="decay must be a number"):
        Age(decay="x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="clusters must be a whole number"):
        Age(clusters=0)
