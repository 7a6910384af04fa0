"""`grain` on hand-made graphs, with both diversities, with what is labelled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, GRAPH
from querist.strategies.kernels.graphs import propagate, undirected
from querist.strategies.methods.grain import Grain
from querist.testing.strategies import check_strategy
from wholes import within

STAR = csr_array(np.array([[0, 1, 1, 1, 0]] + [[0] * 5] * 4, dtype=float))  # 0 is the middle of 1, 2, 3; 4 is alone


@pytest.mark.parametrize("text", ["grain(propagated=True)", "grain(diversity=ball)"])
def test_variants_keep_the_contract(text: str) -> None:
    check_strategy(text)


def test_balls_around_neighbours_of_a_pending_node_are_not_known() -> None:
    part = "grain(diversity=ball, propagated=True, radius=0.3)"
    check_strategy(part, waive={"pending": "a copy in the pool may still influence more than any other node"})


def test_influence_alone() -> None:
    chosen = querist.select("grain(hops=1, gamma=0)", 2, graph=STAR, embedding=np.arange(5.0)[:, None])
    assert chosen.indices.tolist() == [0, 4]
    assert chosen.scores == pytest.approx([4 / 5, 1 / 5])
    assert chosen.reasons[0] == "influences 4 items within 1 step, its features differ"


def test_distances_by_hand() -> None:
    x = np.array([[0.0], [1.0], [10.0]])
    text = "grain(hops=1, propagated=True)"
    # no edges: each influences itself, 1/3; the middle leaves (1 - .1) + 1 + (1 - .9) = 2 of 3
    chosen = querist.select(text, 3, graph=csr_array((3, 3)), embedding=x)
    assert chosen.indices.tolist() == [1, 2, 0]
    assert chosen.scores == pytest.approx([1 / 3 + 2 / 3, 1 / 3 + 0.9 / 3, 1 / 3 + 0.1 / 3])
    chosen = querist.select(text, 1, graph=csr_array((3, 3)), embedding=x, labelled={"embedding": x[1:2]})
    assert chosen.indices.tolist() == [2]
    chosen = querist.select(text, 1, graph=csr_array((3, 3)), embedding=x, pending={"embedding": x[1:]})
    assert chosen.indices.tolist() == [0]


def test_balls_by_hand() -> None:
    x = np.array([[0.0], [1.0], [2.0], [10.0]])
    text = "grain(hops=1, propagated=True, diversity=ball, radius=0.1)"
    chosen = querist.select(text, 2, graph=csr_array((4, 4)), embedding=x)
    assert chosen.indices.tolist() == [1, 3]
    assert chosen.reasons[0] == "covers 3 more items within 0.1 of what it influences"
    edge = csr_array(np.array([[0, 0, 0, 1]] + [[0] * 4] * 3, dtype=float))  # 0 influences 3
    chosen = querist.select(text, 1, graph=edge, embedding=x, labelled={"embedding": np.array([[1.0]])})
    assert set(chosen.indices.tolist()) <= {0, 3}
    assert chosen.scores[0] == pytest.approx(1 / 4), "0, 1 and 2 are covered by what is labelled"


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="diversity must be 'nn' or 'ball', got 'cube'"):
        Grain(diversity="cube")
    with pytest.raises(ArgumentError, match="radius must be a number from 0 to 1, got 2"):
        Grain(radius=2)
    with pytest.raises(ArgumentTypeError, match="gamma must be a number"):
        Grain(gamma="x")  # type: ignore[arg-type]


def test_too_many_pairs_are_refused_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.strategies.kernels.graph_influence._MOST_PAIRS", 8)
    with pytest.raises(ArgumentError, match="smaller radius"):
        querist.select("grain(diversity=ball)", 1, graph=csr_array((3, 3)), embedding=np.ones((3, 1)))


@pytest.mark.parametrize("known", [[], [0, 9]])
def test_in_the_whole_as_the_authors_count(known: list[int]) -> None:
    rng = np.random.default_rng(2)
    graph = csr_array((rng.random((24, 24)) < 0.08).astype(float))
    x = rng.normal(size=(24, 3))
    edges = undirected(graph)
    smooth = propagate(edges, x, 2)
    step = (edges.toarray() > 0) | np.eye(24, dtype=bool)
    reached = (step.astype(int) @ step.astype(int)) > 0
    d = np.sqrt(((smooth[:, None] - smooth[None]) ** 2).sum(-1))
    d /= d.max()
    pool = [k for k in range(24) if k % 3 and k not in known]

    def value(chosen: list[int]) -> float:
        if not chosen:
            return 0.0
        return float(reached[chosen].any(axis=0).mean() + (1 - d[chosen].min(axis=0)).mean())

    want: list[int] = []
    for _ in range(5):
        want.append(max((k for k in pool if k not in want), key=lambda k: value([*known, *want, k])))
    chosen = Grain().select(within({EMBEDDING: x, GRAPH: graph}, pool, labelled=known[:1], pending=known[1:]), 5)
    assert [pool[row] for row in chosen.indices] == want
    assert chosen.scores.sum() == pytest.approx(value([*known, *want]) - value(known))


def test_in_the_whole_balls_around_what_labelled_nodes_influence_are_covered() -> None:
    x = np.array([[0.0], [1.0], [2.0], [10.0]])
    edge = csr_array(np.array([[0, 0, 0, 1]] + [[0] * 4] * 3, dtype=float))  # 0 influences 3
    part = Grain(hops=1, propagated=True, diversity="ball", radius=0.1)
    chosen = part.select(within({EMBEDDING: x, GRAPH: edge}, [1, 2, 3], labelled=[0]), 1)
    assert chosen.scores[0] == pytest.approx(1 / 4), "2 alone is not within 1 of 0 or 3"
    assert chosen.indices[0] in (0, 1)
