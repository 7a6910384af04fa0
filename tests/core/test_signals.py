"""Views load lazily, once, only what is read; contexts narrow without copying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.errors import ArgumentError, DataError
from querist.core.signals import EMBEDDING, GRADIENT, PROBS, Context, Needs, Signal, View

E_ = np.arange(12.0).reshape(6, 2)
P_ = np.full((6, 2), 0.5)


def _counting() -> tuple[View, list[Any]]:
    calls: list[Any] = []

    def load(names: frozenset[Signal], rows: NDArray[np.int64] | None) -> Mapping[Signal, Any]:
        calls.append((sorted(map(str, names)), None if rows is None else rows.tolist()))
        whole = {EMBEDDING: E_, PROBS: P_}
        return {n: whole[n] if rows is None else whole[n][rows] for n in names}

    return View(6, load=load, wanted=frozenset({EMBEDDING, PROBS}), check=check_signal), calls


def test_everything_wanted_is_loaded_in_one_call() -> None:
    view, calls = _counting()
    assert view[EMBEDDING] is E_
    assert view[PROBS] is P_
    assert calls == [(["embedding", "probs"], None)]
    assert view.read == {EMBEDDING, PROBS}


def test_narrowed_before_the_first_read_only_those_rows_are_loaded() -> None:
    view, calls = _counting()
    child = view.take(np.array([4, 1])).take(np.array([1]))
    assert child[EMBEDDING].tolist() == E_[[1]].tolist()
    assert calls == [(["embedding", "probs"], [1])]
    assert EMBEDDING in view.read


def test_narrowed_after_a_read_nothing_is_loaded_again() -> None:
    view, calls = _counting()
    view[PROBS]
    assert view.take(np.array([2]))[EMBEDDING].tolist() == [[4.0, 5.0]]
    assert len(calls) == 1


def test_missing_signal_is_named() -> None:
    view = View(3, {PROBS: P_[:3]})
    assert EMBEDDING not in view
    with pytest.raises(ArgumentError, match=r"embedding of the pool is missing: pass embedding with shape \(N, D\)"):
        view[EMBEDDING]
    with pytest.raises(ArgumentError, match="embedding"):
        view.take(np.array([0]))[EMBEDDING]


def test_checked_on_first_read() -> None:
    bad = P_.copy()
    bad[2, 0] = np.nan
    view = View(6, {PROBS: bad}, check=check_signal)
    with pytest.raises(DataError, match=r"NaN or infinite values in 1 of 6 rows, first rows \[2\]"):
        view[PROBS]


def test_whoever_looks_in_place_of_the_check_says_so() -> None:
    bad = np.full((6, 2), np.nan)
    view = View(6, {PROBS: bad}, check=check_signal)
    assert view.unchecked(PROBS, lambda *_: None) is None  # it is another's to check
    assert view.unchecked(PROBS, check_signal) is bad
    assert view.read == {PROBS}
    view.checked(PROBS)
    assert view.unchecked(PROBS, check_signal) is None
    assert view[PROBS] is bad


def test_gradient_is_a_pair() -> None:
    view = View(6, {GRADIENT: (P_, E_)})
    a, h = view.take(np.array([5]))[GRADIENT]
    assert a.shape == (1, 2)
    assert h.tolist() == [[10.0, 11.0]]


def test_context_narrows_ids_and_keys_with_the_pool() -> None:
    ctx = Context(View(6, {PROBS: P_}), ids=list("abcdef"), seed=3)
    small = ctx.take(np.array([5, 0]))
    assert small.ids == ["f", "a"]
    assert small.keys("x").tolist() == ctx.keys("x")[[5, 0]].tolist()
    assert small.size == 2


def test_needs_join() -> None:
    both = Needs(pool=frozenset({PROBS})) | Needs(pool=frozenset({EMBEDDING}), capabilities=frozenset({"refit"}))
    assert both.pool == {PROBS, EMBEDDING}
    assert both.model
    assert not Needs().model
