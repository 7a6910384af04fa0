"""`degree` on hand-made graphs."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

import querist
from querist.core.signals import GRAPH, Signal
from wholes import within

EDGES = csr_array(np.array([[9, 2, 1], [0, 0, 0], [0, 0, 0]], dtype=np.float32))
PROBS = np.array([[0.5, 0.5], [1.0, 0.0], [0.6, 0.4]])


def test_the_weight_of_the_edges_to_others() -> None:
    assert querist.score("degree", graph=EDGES).tolist() == [3, 2, 1]
    chosen = querist.select("degree", 2, graph=EDGES)
    assert chosen.indices.tolist() == [0, 1]
    assert chosen.reasons[0] == "edges to other items weigh 3"


def test_behind_a_filter_only_edges_between_kept_nodes_count() -> None:
    kept = querist.select("shortlist(least_confidence, n=2) | degree", 2, graph=EDGES, probs=PROBS)
    assert kept.scores.tolist() == [1, 1], "nodes 0 and 2 stay, with the edge between them"


def test_edges_to_nodes_beside_the_pool_count_in_the_whole() -> None:
    ctx = within({GRAPH: EDGES}, [2, 0], labelled=[1])
    part = querist.Degree()
    assert part.rate(ctx).tolist() == [1, 3]
    wanted: set[Signal] = {GRAPH}
    assert part.needs.whole == wanted
    assert querist.Degree(whole=False).needs.whole == set(), "a session then hands over the pool alone"
    assert str(querist.Degree(whole=False)) == "degree(whole=False)"
