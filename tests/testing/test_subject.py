"""A part under test."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.core.signals import Selection
from querist.strategies.combinators import Mix
from querist.strategies.filters.subsample import Subsample
from querist.strategies.fusion import Rank
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.testing.subject import Subject, fingerprint, pieces, same


def test_pieces_are_all_parts_inside() -> None:
    part = Subsample(3) | Mix({Rank(Margin()): 1, Random(): 2})
    assert [type(piece).__name__ for piece in pieces(part)] == [
        "Filtered",
        "Subsample",
        "Mix",
        "Rank",
        "Margin",
        "Random",
    ]


def test_regression_is_found_by_trying() -> None:
    assert Subject("pred_variance").regression
    assert not Subject("bald").regression
    assert not Subject("margin").regression


def test_filters_are_run_in_front_of_something() -> None:
    subject = Subject("subsample(5)")
    assert str(subject) == "subsample(5)"
    assert subject.filters
    assert len(subject.run(subject.pool(), 5)) == 5
    assert subject.attempt(subject.pool(), 6) is None
    with pytest.raises(StateError, match="left 5 of 60"):
        subject.run(subject.pool(), 6)


def test_same() -> None:
    a = Selection(np.array([1, 0]), np.array([0.5, np.nan]), ("x", "y"), ids=["p", "q"])
    assert same(a, dataclasses.replace(a))
    assert not same(a, dataclasses.replace(a, ids=["q", "p"]))
    assert not same(a, dataclasses.replace(a, scores=np.array([0.5 + 1e-9, np.nan])))
    assert same(a, dataclasses.replace(a, scores=np.array([0.5 + 1e-9, np.nan])), bitwise=False)
    assert not same(a, dataclasses.replace(a, scores=np.array([0.6, np.nan])), bitwise=False)
    assert not same(a, dataclasses.replace(a, reasons=("x", "z")))


def test_fingerprint_sees_every_array() -> None:
    pool = Subject("margin").pool(whole=True)
    digests = {fingerprint(pool)}
    for role in ("pool", "labelled", "pending", "reference"):
        for value in pool.role(role).values():
            part = value.data if hasattr(value, "tocsr") else value[0] if isinstance(value, tuple) else value
            part.reshape(-1)[0] += 1
            digests.add(fingerprint(pool))
    assert len(digests) == 1 + sum(len(pool.role(role)) for role in ("pool", "labelled", "pending", "reference"))
