"""What graph methods share: parameters, needs, propagation in an order that the pool's does not decide."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, GRAPH, Context, View
from querist.strategies.kernels.graphs import propagate, undirected
from querist.strategies.methods.feat_prop import FeatProp
from querist.strategies.methods.graph_part import GraphPart
from querist.strategies.methods.graph_pool import check_number
from querist.testing.strategies import check_strategy


@pytest.mark.parametrize("text", ["feat_prop(propagated=True)", "feat_prop(hops=1)", "graph_part(propagated=True)"])
def test_variants_keep_the_contract(text: str) -> None:
    check_strategy(text)


def test_needs() -> None:
    assert FeatProp().needs.pool == {EMBEDDING, GRAPH}
    assert FeatProp(propagated=True).needs.pool == {EMBEDDING}
    assert GraphPart(propagated=True).needs.pool == {EMBEDDING, GRAPH}
    assert GraphPart(far=True).needs.uses == frozenset(), "features propagated inside the pool cannot be compared"
    assert GraphPart(far=True, propagated=True).needs.uses == {EMBEDDING}


def test_features_given_as_propagated_give_what_propagating_gives() -> None:
    rng = np.random.default_rng(0)
    links = csr_array((rng.random((40, 40)) < 0.1).astype(float))
    x = rng.normal(size=(40, 3))
    smooth = propagate(undirected(links), x, 2)
    a = querist.select("feat_prop", 5, embedding=x, graph=links)
    b = querist.select("feat_prop(propagated=True)", 5, embedding=smooth)
    assert set(a.indices.tolist()) == set(b.indices.tolist())


def test_the_order_is_that_of_the_tie_keys() -> None:
    x = np.arange(6.0)[:, None]
    pool = View(6, {EMBEDDING: x, GRAPH: csr_array((6, 6))})
    nodes = FeatProp().nodes(Context(pool=pool))
    keys = Context(pool=pool).keys("feat_prop")
    assert (np.diff(keys[nodes.pool].astype(float)) >= 0).all()
    assert nodes.x[:, 0] == pytest.approx(nodes.pool)
    assert nodes.free.all()
    assert not nodes.known.any()


@pytest.mark.parametrize("hops", [0, -1, 1.5, True, "2"])
def test_hops_are_whole_numbers(hops: object) -> None:
    with pytest.raises(ArgumentError, match="hops must be a whole number"):
        FeatProp(hops=hops)  # type: ignore[arg-type]


def test_propagated_is_yes_or_no() -> None:
    with pytest.raises(ArgumentTypeError, match="propagated must be True or False"):
        FeatProp(propagated=1)  # type: ignore[arg-type]


def test_check_number() -> None:
    check_number(0.5, "x", 0, 1)
    with pytest.raises(ArgumentError, match="x must be a number from 0 to 1, got 2"):
        check_number(2, "x", 0, 1)
    with pytest.raises(ArgumentError, match="x must be a number from 0 to 1, got nan"):
        check_number(float("nan"), "x", 0, 1)
    with pytest.raises(ArgumentTypeError, match="got str a"):
        check_number("a", "x", 0, 1)


def test_nodes_with_the_same_neighbours_are_alike_but_for_rounding_too() -> None:
    x = np.array([[1.0], [1.0 + 1e-15], [0.0]])
    nodes = FeatProp(propagated=True).nodes(Context(pool=View(3, {EMBEDDING: x})))
    assert len(set(nodes.x[:, 0].tolist())) == 2
    zero = FeatProp(propagated=True).nodes(Context(pool=View(3, {EMBEDDING: np.zeros((3, 1))})))
    assert not zero.x.any()
