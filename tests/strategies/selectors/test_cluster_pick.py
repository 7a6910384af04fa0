"""`cluster_pick`: so many rows of each cluster, by score, by place or at random."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.parser import parse
from querist.strategies.selectors.cluster_pick import ClusterPick

WHICH = np.repeat([0, 1, 2], (4, 7, 5))
X = np.array([[0.0, 0.0], [60.0, 0.0], [0.0, 60.0]])[WHICH] + np.random.default_rng(0).normal(size=(16, 2))
P = np.random.default_rng(1).dirichlet(np.ones(3), 16)
MARGIN = querist.score("margin", probs=P)


def best(cluster: int, values: np.ndarray, count: int) -> list[int]:
    rows = np.flatnonzero(cluster == WHICH)
    return [int(r) for r in rows[np.argsort(-values[rows])][:count]]


@pytest.mark.parametrize("per", [1, 2])
def test_by_score(per: int) -> None:
    sel = querist.select(f"margin >> cluster_pick(per={per})", 3 * per, probs=P, embedding=X)
    assert sel.indices.tolist() == best(1, MARGIN, per) + best(2, MARGIN, per) + best(0, MARGIN, per)
    assert sel.scores == pytest.approx(MARGIN[sel.indices])
    assert sel.reasons[0].endswith("highest rated in a cluster of 7")


def test_by_centre() -> None:
    sel = querist.select("cluster_pick(by=centre, per=2)", 6, embedding=X)
    means = np.array([X[c == WHICH].mean(axis=0) for c in range(3)])
    away = np.linalg.norm(X - means[WHICH], axis=1)
    assert sel.indices.tolist() == best(1, -away, 2) + best(2, -away, 2) + best(0, -away, 2)
    assert sel.scores == pytest.approx(-away[sel.indices])


def test_at_random() -> None:
    chosen = set()
    for seed in range(60):
        rows = querist.select("margin >> cluster_pick(by=random)", 3, probs=P, embedding=X, seed=seed).indices
        assert WHICH[rows].tolist() == [1, 2, 0]
        chosen |= set(rows.tolist())
    assert chosen == set(range(16))


def test_turns_go_on_when_clusters_run_out() -> None:
    sel = querist.select("margin >> cluster_pick(per=6)", 14, probs=P, embedding=X)  # three clusters
    assert WHICH[sel.indices].tolist() == [1] * 6 + [2] * 5 + [0] * 3
    sel = querist.select("margin >> cluster_pick(per=6)", 16, probs=P, embedding=X)
    assert WHICH[sel.indices].tolist() == [1] * 6 + [2] * 5 + [0] * 4 + [1]
    every = querist.select("cluster_pick(per=16)", 16, embedding=X)
    assert sorted(every.indices.tolist()) == list(range(16))


def test_text_and_refusals() -> None:
    assert parse("cluster_pick(by=centre)") == ClusterPick(by="centre")
    with pytest.raises(ArgumentError, match="by must be one of score, centre, random"):
        ClusterPick(by="best")
    for bad in (0, 1.5, True):
        with pytest.raises(ArgumentError, match="per must be a whole number ≥ 1"):
            ClusterPick(per=bad)  # type: ignore[arg-type]
