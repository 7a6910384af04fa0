"""`active_search` by hand: what is likely now, what tells about many, what is assumed."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.methods.active_search import ActiveSearch
from querist.testing.strategies import check_strategy

LINE = np.array([[0.0], [1.0], [10.0], [11.0]])


@pytest.mark.parametrize("text", ["active_search(0, horizon=0, k=5)", "active_search(1, k=3, horizon=4)"])
def test_variants_keep_the_contract(text: str) -> None:
    check_strategy(text)


def test_without_a_horizon_the_most_likely_comes_first() -> None:
    labelled = {"embedding": np.array([[10.4]]), "labels": np.array([3])}
    chosen = querist.select("active_search(3, horizon=0, k=2)", 1, embedding=LINE, labelled=labelled)
    assert chosen.indices[0] in (2, 3)
    assert chosen.scores == pytest.approx([(0.1 + 1) / (1 + 1)])
    assert chosen.reasons == ("of class 3 with probability 0.55",)
    other = querist.select("active_search(0, horizon=0, k=2)", 1, embedding=LINE, labelled=labelled)
    assert other.indices[0] in (0, 1), "an item of another class speaks against it"


def test_an_answer_that_tells_more_comes_first() -> None:
    # k = 1: 1.0 is nearest to 0.0 and 1.9; all are as likely, and the answer for 1.0 tells about two.
    x = np.array([[0.0], [1.0], [1.9], [50.0], [90.0]])
    for seed in range(4):
        chosen = querist.select("active_search(0, horizon=2, k=1)", 1, embedding=x, seed=seed)
        assert chosen.indices.tolist() == [1]
        hit = 0.1 * (1 + 2 * 1.1 / 2)  # found, then two rows of chance .55
        miss = 0.9 * 2 * 0.1  # not found, then two rows of chance .1 that it does not influence
        assert chosen.scores == pytest.approx([hit + miss])


def test_pending_items_are_assumed_not_to_be_of_the_class() -> None:
    pending = {"embedding": np.array([[0.4], [0.6]])}
    for seed in range(4):
        chosen = querist.select("active_search(0, horizon=0, k=1)", 2, embedding=LINE, pending=pending, seed=seed)
        assert set(chosen.indices[:1].tolist()) <= {2, 3}
    alone = querist.select("active_search(0, horizon=0, k=1)", 2, embedding=LINE)
    assert abs(alone.indices[0] - alone.indices[1]) != 1, "the neighbour of the first pick has become less likely"


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="label must be a whole number ≥ 0"):
        ActiveSearch(-1)
    with pytest.raises(ArgumentError, match="k must be a whole number ≥ 1"):
        ActiveSearch(0, k=0)
    with pytest.raises(ArgumentError, match="prior must be a number between 0 and 1, got 1"):
        ActiveSearch(0, prior=1)
    with pytest.raises(ArgumentTypeError, match="prior must be a number"):
        ActiveSearch(0, prior="x")  # type: ignore[arg-type]
