"""Joint information of a batch against the enumeration of all configurations."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.kernels.batch_information import Configurations, lazy_picks, thin
from querist.strategies.kernels.members import information


def joint(members: NDArray[Any]) -> float:
    """I(labels of all items; member), configuration by configuration, in float64."""
    m = members.astype(np.float64)
    samples, classes = m.shape[1:]
    total = 0.0
    for labels in itertools.product(range(classes), repeat=len(m)):
        given_member = [math.prod(m[i, s, y] for i, y in enumerate(labels)) for s in range(samples)]
        mean = math.fsum(given_member) / samples
        total += math.fsum(p * math.log(p / mean) for p in given_member if p > 0) / samples
    return total


def draw(seed: int, items: int, samples: int, classes: int, dtype: Any = np.float64) -> NDArray[Any]:
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.6), (items, samples)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("samples", "classes"), [(1, 3), (4, 2), (6, 3)])
def test_exact_gains(dtype: Any, samples: int, classes: int) -> None:
    m = draw(0, 6, samples, classes, dtype)
    labels = Configurations(samples, np.dtype(dtype), 1000, np.random.default_rng(0))
    near = 1e-5 if dtype == np.float32 else 1e-12
    for chosen in range(4):
        expected = [joint(m[[*range(chosen), i]]) - joint(m[:chosen]) for i in range(6)]
        np.testing.assert_allclose(labels.gains(m), expected, atol=near)
        labels.add(m[chosen])
        assert labels.exact
    assert len(labels.weights) == classes**4


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=10))
def test_gains_before_any_pick_are_bald_and_never_grow(m: NDArray[Any]) -> None:
    kind = m.dtype
    near = 3e-5 if kind == np.float32 else 1e-11
    labels = Configurations(m.shape[1], kind, 100_000, np.random.default_rng(0))
    before = labels.gains(m)
    np.testing.assert_allclose(before, information(m), atol=near)
    for item in m[:2]:
        labels.add(item)
        after = labels.gains(m)
        assert np.isfinite(after).all()
        assert (after >= 0).all()
        assert (after <= before + near).all()
        before = after


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_merged_configurations_bound_the_gains(dtype: Any) -> None:
    m = draw(7, 40, 6, 4, dtype)
    labels = Configurations(6, np.dtype(dtype), 300, np.random.default_rng(0))
    assert labels.merged() is None  # one configuration: nothing to save
    for chosen in range(8):
        labels.add(m[chosen])
        merged = labels.merged()
        if chosen < 2:
            continue
        assert merged is not None
        assert len(merged.weights) <= 6
        np.testing.assert_allclose(merged.weights.sum(), 1.0)
        assert (merged.gains(m) >= labels.gains(m) - 1e-6).all()


def test_a_screen_changes_no_pick() -> None:
    m = draw(8, 300, 8, 4)
    found = []
    for screened in (False, True):
        labels = Configurations(8, np.dtype(np.float64), 300, np.random.default_rng(0))
        seen: list[int] = []

        def gains(some: NDArray[np.int64], labels: Any = labels, seen: Any = seen) -> NDArray[np.float64]:
            seen.append(len(some))
            return np.asarray(labels.gains(m[some]))

        def add(row: int, labels: Any = labels) -> None:
            labels.add(m[row])

        def screen(labels: Any = labels, screened: bool = screened) -> Any:
            merged = labels.merged() if screened else None
            return None if merged is None else lambda some: merged.gains(m[some])

        picked = lazy_picks(
            information(m),
            6,
            gains,
            add,
            np.arange(300, dtype=np.uint64),
            known=True,
            rounding=1e-9,
            dry=lambda: 0.0,
            screen=screen,
        )
        found.append((picked[0].tolist(), sum(seen)))
    assert found[0][0] == found[1][0]
    assert found[1][1] < found[0][1]


def test_what_is_left_is_log_s_less_what_was_told() -> None:
    m = draw(5, 4, 5, 3)
    labels = Configurations(5, np.dtype(np.float64), 1000, np.random.default_rng(0))
    for chosen in range(4):
        assert labels.left() == pytest.approx(math.log(5) - joint(m[:chosen]))
        labels.add(m[chosen])


def test_impossible_configurations_are_dropped() -> None:
    labels = Configurations(2, np.dtype(np.float64), 10, np.random.default_rng(0))
    for _ in range(30):  # members that are sure: two configurations, however many items
        labels.add(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    assert labels.exact
    assert labels.weights.tolist() == [0.5, 0.5]


def test_estimates_are_unbiased() -> None:
    """Thinned from 3^5 to 40 configurations, the mean over many runs is the exact gain."""
    m = draw(1, 6, 5, 3)
    expected = joint(m) - joint(m[:5])
    found = []
    for seed in range(400):
        labels = Configurations(5, np.dtype(np.float64), 40, np.random.default_rng(seed))
        for item in m[:5]:
            labels.add(item)
        assert not labels.exact
        assert len(labels.weights) == 40
        found.append(labels.gains(m[5:])[0])
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - expected) < 4 * error
    assert np.std(found) < 0.2 * expected


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.integers(0, 1000))
def test_thin_keeps_the_heavy_and_the_sum(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=size) ** 4
    weights /= weights.sum()
    limit = int(rng.integers(1, size))
    places, new = thin(weights, limit, rng)
    assert len(places) == len(new) == limit
    assert len(set(places.tolist())) == limit
    assert new.sum() == pytest.approx(1)
    assert (new >= weights[places] - 1e-12).all()
    shared = new.max() if limit == 1 else new[-1]
    kept = set(places[new == weights[places]].tolist())
    assert all(place in kept or weight <= shared + 1e-12 for place, weight in enumerate(weights))


def test_thin_is_unbiased_place_by_place() -> None:
    weights = np.array([0.5, 0.2, 0.1, 0.1, 0.06, 0.04])
    total = np.zeros(6)
    for seed in range(4000):
        places, new = thin(weights, 3, np.random.default_rng(seed))
        total[places] += new
    np.testing.assert_allclose(total / 4000, weights, atol=0.01)


@pytest.mark.parametrize("known", [True, False])
def test_lazy_picks_are_those_of_looking_at_every_row(known: bool) -> None:
    rng = np.random.default_rng(2)
    sets = rng.random((300, 40)) < 0.1  # coverage: gains only fall
    keys = rng.permutation(300).astype(np.uint64)
    covered = np.zeros(40, dtype=bool)
    looked = []

    def gains(some: NDArray[np.int64]) -> NDArray[np.float64]:
        looked.append(len(some))
        return np.asarray((sets[some] & ~covered).sum(axis=1), dtype=np.float64)

    def add(row: int) -> None:
        covered[sets[row]] = True

    bounds = sets.sum(axis=1).astype(np.float64)
    got, heights = lazy_picks(bounds, 20, gains, add, keys, known=known, rounding=1e-9, dry=lambda: 0.0)
    lazily = sum(looked)
    covered[:] = False
    expected: list[int] = []
    while len(expected) < 20:
        now = gains(np.arange(300))
        now[expected] = -1
        best = now.max()
        if best <= 0:
            left = [r for r in range(300) if r not in expected]
            expected += sorted(left, key=lambda r: (-bounds[r], keys[r]))[: 20 - len(expected)]
            break
        tied = np.flatnonzero(now == best)
        expected.append(int(tied[keys[tied].argmin()]))
        assert heights[len(expected) - 1] == best
        add(expected[-1])
    assert got.tolist() == expected
    assert lazily < 300 * 20 / 2


def test_memory_stays_small() -> None:
    m = draw(3, 500, 20, 10, np.float32)
    labels = Configurations(20, np.dtype(np.float32), 1000, np.random.default_rng(0))
    tracemalloc.start()
    for item in m[:5]:
        labels.add(item)
    labels.gains(m)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20, "all probabilities of labels given configurations would take 20 MB"
