"""Near labelled keeps neighbourhoods."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, StateError
from querist.core.signals import EMBEDDING, Context, View
from querist.strategies.filters.near_labelled import NearLabelled

LINE = np.array([[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [30.0]])


def test_the_union_of_neighbourhoods() -> None:
    known = {"embedding": np.array([[0.4], [1.4], [10.1]])}
    kept = set()
    for seed in range(30):
        kept.add(
            int(querist.select("near_labelled(2) | random", 1, embedding=LINE, labelled=known, seed=seed).indices[0])
        )
    assert kept == {0, 1, 2, 4, 5}


def test_reason_and_first_parameter() -> None:
    chosen = querist.select("near_labelled(1) | random", 1, embedding=LINE, labelled={"embedding": LINE[4:5]})
    assert chosen.indices.tolist() == [4]
    assert chosen.reasons[0].endswith("among 1 of 7 that are one of the 1 nearest to a labelled item")
    assert querist.parse("near_labelled(5)") == NearLabelled(k=5)
    everything = querist.select("near_labelled | random", 7, embedding=LINE, labelled={"embedding": LINE[:1]})
    assert len(everything) == 7


def test_too_few_are_refused_and_so_is_nothing_labelled() -> None:
    with pytest.raises(StateError, match=r"near_labelled\(k=1\) left 1 of 7 items where 2 were asked"):
        querist.select("near_labelled(1) | random", 2, embedding=LINE, labelled={"embedding": LINE[:1]})
    with pytest.raises(ArgumentError, match="needs the signal embedding"):
        querist.select("near_labelled(1) | random", 2, embedding=LINE)
    ctx = Context(View(7, {EMBEDDING: LINE}), View(0, {EMBEDDING: LINE[:0]}, role="labelled"))
    with pytest.raises(ArgumentError, match="at least one labelled item"):
        NearLabelled(1).keep(ctx, 1)


def test_pending_items_play_no_part() -> None:
    known, sent = {"embedding": LINE[:1]}, {"embedding": LINE[6:]}
    a = querist.select("near_labelled(2) | random", 2, embedding=LINE, labelled=known)
    b = querist.select("near_labelled(2) | random", 2, embedding=LINE, labelled=known, pending=sent)
    assert sorted(a.indices.tolist()) == sorted(b.indices.tolist()) == [0, 1]


def test_bad_counts() -> None:
    with pytest.raises(ArgumentError, match="k must be ≥ 1"):
        NearLabelled(0)
    with pytest.raises(ArgumentTypeError, match="k must be a whole number"):
        NearLabelled(2.5)  # type: ignore[arg-type]
