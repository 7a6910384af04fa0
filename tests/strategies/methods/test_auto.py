"""`auto` plays by what is at hand, says why, and needs nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.signals import EMBEDDING, PROBS
from querist.strategies.algebra import as_strategy
from querist.strategies.methods.auto import Auto

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
P = RNG.dirichlet(np.ones(3), 200)
SEEN = {"embedding": X[:30] + 5.0, "labels": np.arange(30) % 3}


@pytest.mark.parametrize(
    ("given", "n", "plays"),
    [
        ({"ids": list(range(200))}, 5, "random"),
        ({"embedding": X}, 5, "k_means"),
        ({"embedding": X, "labelled": {"embedding": X[:5]}}, 5, "lcmd"),
        ({"embedding": X, "pending": {"embedding": X[:5]}}, 1, "lcmd"),
        ({"probs": P}, 1, "margin"),
        ({"probs": P}, 9, "margin >> power"),
        ({"probs": P, "embedding": X}, 9, "uherding"),
        ({"probs": P, "embedding": X}, 1, "uherding"),
        ({"probs": P, "embedding": X, "labelled": SEEN}, 9, "uherding"),
        ({"probs": P, "embedding": X, "labelled": SEEN}, 2, "margin * novelty"),
        (
            {"probs": P, "embedding": X, "labelled": {**SEEN, "labels": np.zeros(30, dtype=int)}},
            9,
            "mix({uherding: 2.0, kmeans_pp: 1.0})",
        ),
    ],
)
def test_what_it_plays(given: dict[str, Any], n: int, plays: str) -> None:
    auto = querist.select("auto", n, **given, seed=3)
    played = querist.select(plays, n, **given, seed=3)
    assert auto.indices.tolist() == played.indices.tolist()
    assert np.array_equal(auto.scores, played.scores, equal_nan=True)
    assert all("auto: " in reason for reason in auto.reasons)


def test_it_asks_for_nothing_and_reads_what_is_there() -> None:
    needs = Auto().needs
    assert not needs.pool
    assert needs.optional == {PROBS, EMBEDDING}
    assert str(as_strategy("auto")) == "auto"


def test_one_item_at_a_time_leaves_a_place_that_answers_do_not_settle() -> None:
    """All items alike in doubt: the one far from what was labelled comes first."""
    x = np.array([[0.0], [0.1], [0.2], [5.0]])
    p = np.full((4, 2), 0.5)
    known = {"embedding": np.zeros((6, 1)), "labels": np.array([0, 1] * 3)}
    assert querist.select("auto", 1, probs=p, embedding=x, labelled=known).indices.tolist() == [3]


def test_in_a_session_it_goes_from_cold_start_to_the_model() -> None:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    found = load_digits()
    x, y = found.data[:200] / 16.0, found.target[:200]
    session = querist.Session(x, LogisticRegression(), strategy="auto", labels=[str(c) for c in range(10)], seed=0)
    reasons = []
    for _ in range(3):
        query = session.ask(15)
        reasons.append(query.reasons[0])
        session.tell(query, {item: str(y[session.source.rows_of([item])[0]]) for item in query})
        session.fit()
    assert "typical items" in reasons[0] or "at random" in reasons[0]
    assert all("unsure" in r or "classes seen" in r for r in reasons[1:])


def test_of_a_large_pool_a_random_part_is_covered() -> None:
    rng = np.random.default_rng(0)
    x, p = rng.normal(size=(10_050, 2)).astype(np.float32), rng.dirichlet(np.ones(2), 10_050)
    chosen = querist.select("auto", 6, probs=p, embedding=x, seed=1)
    same = querist.select("subsample(10000) | uherding", 6, probs=p, embedding=x, seed=1)
    assert chosen.indices.tolist() == same.indices.tolist()
    assert "10,000" in chosen.reasons[0]


def test_regression_looks_at_what_is_labelled() -> None:
    from sklearn.linear_model import LinearRegression

    session = querist.Session(X, LinearRegression(), strategy="auto", labels=querist.Number(), seed=0)
    said = []
    for _ in range(2):
        query = session.ask(6)
        said.append(query.reasons[0])
        session.tell(query, {item: float(X[session.source.rows_of([item])[0]].sum()) for item in query})
        session.fit()
    assert "typical items" in said[0]
    assert "least covered by labels" in said[1]
