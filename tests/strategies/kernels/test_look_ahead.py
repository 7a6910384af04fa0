"""Looking ahead with bounds against looking at everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import look_ahead as module
from querist.strategies.kernels.look_ahead import Search, nearest_points


def make(seed: int, size: int, k: int, known: int) -> Search:
    rng = np.random.default_rng(seed)
    nearest = nearest_points(rng.normal(size=(size, 2)), rng.normal(size=(known, 2)), k)
    hit = rng.random(size + known) < 0.5
    told = np.arange(size + known) >= size
    return Search(nearest, (told & hit)[nearest].sum(1) * 1.0, (told & ~hit)[nearest].sum(1) * 1.0, 0.1, 0.9)


def expected(search: Search, row: int, budget: int) -> float:
    """The definition: the chances of all after either answer, the best of them summed."""
    p = search.chances()[row]
    total = p
    for target, weight in ((1.0, p), (0.0, 1 - p)):
        near = np.array([row in line for line in search.nearest])
        chance = (search.a + search.found + near * target) / (search.a + search.b + search.found + search.missed + near)
        left = sorted((chance[i] for i in np.flatnonzero(search.free) if i != row), reverse=True)
        total += weight * sum(left[:budget])
    return float(total)


@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(1, 5), st.integers(0, 6), st.integers(0, 8))
@settings(max_examples=40, deadline=None)
def test_the_best_row_against_the_definition(seed: int, size: int, k: int, known: int, budget: int) -> None:
    search = make(seed, size, k, known)
    for pick in range(size):
        values = {i: round(expected(search, i, budget), 9) for i in np.flatnonzero(search.free).tolist()}
        row, value = search.best(budget)
        assert value == pytest.approx(max(values.values()), abs=1e-8)
        assert values[row] == pytest.approx(value, abs=2e-9)
        search.answer(row, target=bool(pick % 2))


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 6), st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_nearest_points(seed: int, size: int, k: int, known: int) -> None:
    rng = np.random.default_rng(seed)
    x, others = rng.integers(0, 3, (size, 2)).astype(float), rng.integers(0, 3, (known, 2)).astype(float)
    every = np.concatenate([x, others])
    got = nearest_points(x, others, k)
    for i in range(size):
        d = ((every - every[i]) ** 2).sum(1)
        want = sorted((float(d[j]), j) for j in range(len(every)) if j != i)[:k]
        assert got[i].tolist() == [j for _, j in want]


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    before = nearest_points(x[:30], x[30:], 4)
    monkeypatch.setattr(module, "_CELLS", 1)
    assert np.array_equal(nearest_points(x[:30], x[30:], 4), before)


def test_few_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    search = make(0, 600, 8, 40)
    looked: list[int] = []
    real = Search._expected

    def counted(self: Search, row: int, *rest: object) -> float:
        looked.append(row)
        return real(self, row, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Search, "_expected", counted)
    search.best(20)
    assert len(looked) < 300
