"""Cluster-Margin: shortlist by margin, then clusters in turn from the smallest share."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.core.types import Array
from querist.strategies.methods.cluster_margin import ClusterMargin


def two(p: list[float]) -> Array:
    return np.array([[v, 1 - v] for v in p])


X = np.array([0.0, 0.1, 0.2, 0.3, 50.0, 50.1, 90.0])[:, None]
P = two([0.50, 0.51, 0.52, 0.53, 0.56, 0.55, 0.99])
"""Margins 0, .02, .04, .06 in cluster A; .12, .10 in B; .98 in C."""


def test_smallest_share_first_lowest_margin_first() -> None:
    sel = querist.select("cluster_margin(clusters=3, times=2)", 3, probs=P, embedding=X)
    # the six least certain: four of A, two of B; B is asked first
    assert sel.indices.tolist() == [5, 0, 4]
    assert sel.scores == pytest.approx([0.9, 1.0, 0.88])
    assert sel.reasons[0] == "margin 0.1, in a cluster that holds 2 of the 6 least certain"
    rest = querist.select("cluster_margin(clusters=3, times=2)", 6, probs=P, embedding=X)
    assert rest.indices.tolist() == [6, 5, 0, 4, 1, 2]  # C has one, B is used up after its second


def test_one_cluster_is_margin_and_no_shortlist_beyond_the_batch_is_margin_too() -> None:
    rng = np.random.default_rng(0)
    p, x = rng.dirichlet(np.ones(3), 50), rng.normal(size=(50, 2))
    margin = querist.select("margin", 9, probs=p).indices.tolist()
    assert querist.select("cluster_margin(clusters=1)", 9, probs=p, embedding=x).indices.tolist() == margin
    tight = querist.select("cluster_margin(times=1)", 9, probs=p, embedding=x).indices.tolist()
    assert sorted(tight) == sorted(margin)


def test_by_leaves() -> None:
    rng = np.random.default_rng(3)
    which = rng.integers(0, 5, 900)
    x = (np.eye(5) * 100)[which] + rng.normal(size=(900, 5))
    p = rng.dirichlet(np.ones(3), 900)
    whole = querist.select("cluster_margin(clusters=5)", 20, probs=p, embedding=x)
    leaves = querist.select("cluster_margin(clusters=5, exact=60)", 20, probs=p, embedding=x)
    assert whole.indices.tolist() == leaves.indices.tolist()


def test_parameters() -> None:
    for bad in ({"clusters": 0}, {"clusters": 1.5}, {"exact": 0}, {"times": 0.5}, {"times": "many"}, {"exact": None}):
        with pytest.raises(QueristError) as error:
            ClusterMargin(**bad)
        assert error.value.code == "BadParameter"
