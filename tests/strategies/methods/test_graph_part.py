"""`graph_part`: shares of the parts, parts of hand-made graphs, picks that keep away from other parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, GRAPH
from querist.strategies.methods.graph_part import GraphPart, shares
from querist.testing.strategies import check_strategy
from wholes import within


def rings(sizes: tuple[int, ...]) -> csr_array:
    """Cliques without edges between them."""
    a = np.zeros((sum(sizes), sum(sizes)))
    start = 0
    for size in sizes:
        a[start : start + size, start : start + size] = 1
        start += size
    return csr_array(a)


@pytest.mark.parametrize(
    "text", ["graph_part(far=True)", "graph_part(far=True, propagated=True)", "graph_part(parts=2)"]
)
def test_variants_keep_the_contract(text: str) -> None:
    check_strategy(text)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_shares(sizes: list[int], n: int) -> None:
    n = min(n, sum(sizes))
    parts = np.array(sorted(sizes, reverse=True))
    got = shares(n, parts)
    assert got.sum() == n
    assert (got <= parts).all()
    open_ = got[got < parts]  # parts that could give more give as much as any other, but for one
    assert not len(open_) or got.max() - open_.min() <= 1


def test_every_community_gives_its_share() -> None:
    graph = rings((6, 6, 6))
    x = np.random.default_rng(0).normal(size=(18, 2))
    chosen = querist.select("graph_part", 7, graph=graph, embedding=x)
    assert sorted(np.bincount(chosen.indices // 6).tolist()) == [2, 2, 3]
    assert chosen.reasons[0] == "stands for part 1 of 3 of the graph (6 nodes)"


def test_no_more_parts_than_items_are_asked_and_alike_parts_are_merged() -> None:
    graph = rings((5, 5, 5))
    x = np.repeat(np.array([[0.0], [0.2], [9.0]]), 5, axis=0)
    chosen = querist.select("graph_part", 2, graph=graph, embedding=x)
    assert sorted((chosen.indices // 5 == 2).tolist()) == [False, True]
    assert sorted(chosen.reasons) == [
        f"stands for part {k} of 2 of the graph ({s} nodes)" for k, s in ((1, 10), (2, 5))
    ]


def test_small_communities_join_others() -> None:
    graph = rings((9, 9, 1))  # one node is less than a third of the mean, 19 / 3
    x = np.array([[0.0]] * 9 + [[9.0]] * 9 + [[8.0]])
    chosen = querist.select("graph_part", 6, graph=graph, embedding=x)
    assert all("of 2 of the graph" in r for r in chosen.reasons)


def test_far_takes_off_the_distance_to_picks_of_other_parts() -> None:
    # One node a part, no edges to mix features; the centre of part 2 is 2.0, its rows lie at 1.9 and 2.1 (twice each).
    x = np.array([[0.0], [0.0], [0.0], [0.0], [1.9], [1.9], [2.1], [2.1]])
    graph = rings((4, 4))
    chosen = querist.select("graph_part(far=True, propagated=True)", 2, graph=graph, embedding=x)
    # the parts are alike in size: the one whose first node has the lower key comes first
    first, second = chosen.indices
    if first < 4:
        assert x[second, 0] == 2.1
        assert chosen.scores[1] == pytest.approx(2.1 - 0.1)
    labelled = {"embedding": np.array([[2.5]])}
    chosen = querist.select(
        "graph_part(far=True, propagated=True, parts=1)", 1, graph=graph, embedding=x, labelled=labelled
    )
    assert chosen.indices[0] < 4, "centre 1.0: cost 1 - 2.5 at 0, .9 - .6 at 1.9, 1.1 - .4 at 2.1"
    assert chosen.scores[0] == pytest.approx(1.5)


@pytest.mark.parametrize("parts", [0, -1])
def test_bad_parts(parts: int) -> None:
    with pytest.raises(ArgumentError, match="parts must be a whole number"):
        GraphPart(parts=parts)


def test_bad_types() -> None:
    with pytest.raises(ArgumentTypeError, match="parts must be a whole number"):
        GraphPart(parts=1.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="far must be True or False"):
        GraphPart(far=1)  # type: ignore[arg-type]


def test_the_whole_is_parted_and_the_pool_is_chosen() -> None:
    # Two cliques of six; of the second only nodes 10 and 11 may be chosen, of the first 0 to 3.
    x = np.repeat([[0.0], [9.0]], 6, axis=0) + np.tile(np.arange(6.0), 2)[:, None] / 10
    ctx = within({EMBEDDING: x, GRAPH: rings((6, 6))}, [0, 1, 2, 3, 10, 11], labelled=[4, 9])
    chosen = GraphPart(propagated=True).select(ctx, 2)
    nodes = np.array([0, 1, 2, 3, 10, 11])[chosen.indices]
    # Centres of what is not labelled: (0 + 1 + 2 + 3 + 5) / 50 = .22 and 9 + (0 + 1 + 2 + 4 + 5) / 50 = 9.24.
    assert sorted(nodes) == [2, 10]
    assert sorted(-chosen.scores) == pytest.approx([0.02, 0.16])
    assert set(chosen.reasons) == {f"stands for part {k} of 2 of the graph (6 nodes)" for k in (1, 2)}
    assert GraphPart().select(ctx, 5).indices.shape == (5,), (
        "a part with two to choose from gives its rest to the other"
    )


def test_far_in_the_whole_keeps_away_from_labelled_nodes() -> None:
    x = np.array([[0.0], [0.0], [1.9], [2.1], [2.5]])
    ctx = within({EMBEDDING: x, GRAPH: csr_array((5, 5))}, [0, 1, 2, 3], labelled=[4])
    chosen = GraphPart(far=True, propagated=True, parts=1).select(ctx, 1)
    assert chosen.indices[0] < 2, "centre 1.0: cost 1 - 2.5 at 0, .9 - .6 at 1.9, 1.1 - .4 at 2.1"
    assert chosen.scores[0] == pytest.approx(1.5)
