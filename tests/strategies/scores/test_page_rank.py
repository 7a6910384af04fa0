"""`page_rank` on hand-made graphs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import GRAPH
from wholes import within

PATH = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))


def test_the_middle_of_a_path() -> None:
    middle = 0.135 / 0.2775  # r1 = .05 + .85 (r0 + r2) and r0 = r2 = .05 + .85 r1 / 2
    assert querist.score("page_rank", graph=PATH)[1] == pytest.approx(middle)
    chosen = querist.select("page_rank", 1, graph=PATH)
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons[0] == f"PageRank {3 * middle:.2f} times the mean"


def test_damping() -> None:
    assert querist.score("page_rank(damping=0.0)", graph=PATH) == pytest.approx([1 / 3] * 3)
    with pytest.raises(ArgumentError, match="damping must be a number from 0 to below 1, got 1"):
        querist.PageRank(damping=1.0)
    with pytest.raises(ArgumentTypeError, match="got bool True"):
        querist.PageRank(damping=True)


def test_a_graph_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match="graph must be a SciPy sparse matrix"):
        querist.score("page_rank", graph=np.eye(3))


def test_a_walk_passes_nodes_beside_the_pool() -> None:
    middle = 0.135 / 0.2775
    ctx = within({GRAPH: PATH}, [2, 1], labelled=[0])
    part = querist.PageRank()
    assert part.rate(ctx) == pytest.approx([(1 - middle) / 2, middle])
    assert part.explain(ctx, np.array([1]), np.array([middle])) == [f"PageRank {3 * middle:.2f} times the mean"]
    assert querist.PageRank(whole=False).needs.whole == frozenset()
