"""`grain` on hand-made graphs, with both diversities, with what is labelled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.methods.grain import Grain
from querist.testing.strategies import check_strategy

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
