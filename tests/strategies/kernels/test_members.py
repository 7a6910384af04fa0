"""Kernels of posterior samples against the obvious, in float32 and float64."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from probability_rows import rows, tolerance
from querist.strategies.kernels.members import (
    Running,
    information,
    mean_entropy,
    modal_share,
    spread,
    variance,
    vote_entropy,
)
from querist.strategies.kernels.probabilities import entropy


def nats(shares: list[float]) -> float:
    return -math.fsum(v * math.log(v) for v in shares if v > 0)


def mean_of(item: NDArray[Any]) -> list[float]:
    return [math.fsum(map(float, item[:, c])) / len(item) for c in range(item.shape[1])]


def votes_of(item: NDArray[Any]) -> list[float]:
    """Shares of votes; `list.index` finds the first of equals."""
    guesses = [list(member).index(max(member)) for member in item]
    return [guesses.count(c) / len(guesses) for c in range(item.shape[1])]


@settings(max_examples=30, deadline=None)
@given(rows(members=True, most=12))
def test_entropies(m: NDArray[Any]) -> None:
    of_mean = [nats(mean_of(item)) for item in m]
    mean_of_entropies = [math.fsum(nats(list(map(float, member))) for member in item) / len(item) for item in m]
    np.testing.assert_allclose(mean_entropy(m), of_mean, atol=tolerance(m))
    expected = [a - b for a, b in zip(of_mean, mean_of_entropies, strict=True)]
    np.testing.assert_allclose(information(m), expected, atol=tolerance(m))
    assert (information(m) >= 0).all()


@settings(max_examples=30, deadline=None)
@given(rows(members=True, most=12))
def test_votes(m: NDArray[Any]) -> None:
    shares = [votes_of(item) for item in m]
    np.testing.assert_allclose(modal_share(m), [max(s) for s in shares], rtol=1e-15)
    np.testing.assert_allclose(vote_entropy(m), [nats(s) for s in shares], atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(rows(members=True, most=12))
def test_spread(m: NDArray[Any]) -> None:
    expected = [
        sum(
            math.sqrt(sum((float(v) - mean) ** 2 for v in item[:, c]) / len(item))
            for c, mean in enumerate(mean_of(item))
        )
        / item.shape[1]
        for item in m
    ]
    np.testing.assert_allclose(spread(m), expected, atol=tolerance(m))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3), min_size=1, max_size=20))
def test_variance(values: list[list[float]]) -> None:
    for dtype in (np.float32, np.float64):
        got = variance(np.array(values, dtype=dtype))
        np.testing.assert_allclose(got, np.var(np.array(values, dtype=np.float64), axis=1), rtol=1e-9, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(rows(most=20), st.integers(1, 9))
def test_members_that_agree(p: NDArray[Any], samples: int) -> None:
    """Exactly zero, not noise: ties among sure items belong to the tie key."""
    m = np.repeat(p[:, None, :], samples, axis=1)
    assert information(m).tolist() == [0.0] * len(p)
    assert spread(m).tolist() == [0.0] * len(p)
    assert variance(m[:, :, 0]).tolist() == [0.0] * len(p)
    assert modal_share(m).tolist() == [1.0] * len(p)
    assert vote_entropy(m).tolist() == [0.0] * len(p)
    np.testing.assert_allclose(mean_entropy(m), entropy(p), atol=tolerance(p))


@pytest.mark.parametrize("samples", [1, 8, 23, 24, 25, 30, 100])
def test_means_in_groups(samples: int) -> None:
    m = np.random.default_rng(3).dirichlet(np.ones(4), (11, samples))
    np.testing.assert_allclose(mean_entropy(m), [nats(mean_of(item)) for item in m], rtol=1e-12)
    np.testing.assert_allclose(mean_entropy(m[:0]), [])


def test_a_small_variance_on_a_large_mean_survives_float32() -> None:
    got = variance(np.array([[4096.0, 4096.5, 4097.0]], dtype=np.float32))
    np.testing.assert_allclose(got, [1 / 6], rtol=1e-12)


@pytest.mark.parametrize("kernel", [information, mean_entropy, modal_share, spread, vote_entropy])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("samples", [9, 30])
def test_a_rows_result_does_not_depend_on_its_place_or_layout(kernel: Any, dtype: Any, samples: int) -> None:
    rng = np.random.default_rng(2)
    raw = rng.random((3001, samples, 10)) ** 4
    raw[raw < 1e-4] = 0.0
    m = (raw / raw.sum(axis=-1, keepdims=True)).astype(dtype)
    order = rng.permutation(len(m))
    plain = kernel(m)
    assert np.array_equal(plain[order], kernel(m[order]))
    assert np.array_equal(plain[5:6], kernel(m[5:6]))
    stacked = np.ascontiguousarray(m.transpose(1, 0, 2)).transpose(1, 0, 2)  # as members come when they are stacked
    assert np.array_equal(plain, kernel(stacked))


@pytest.mark.parametrize("kernel", [information, mean_entropy, modal_share, spread, vote_entropy])
def test_nothing_as_large_as_the_members_is_made(kernel: Any) -> None:
    m = np.full((4000, 50, 10), 0.1, dtype=np.float32)
    tracemalloc.start()
    kernel(m)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < m.nbytes / 2


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=8))
def test_running_gives_the_same_scores(m: NDArray[Any]) -> None:
    running = Running(len(m), m.shape[2], spread=True, votes=True)
    for sample in range(m.shape[1]):
        for start in range(0, len(m), 3):  # as batches of a model come
            part = slice(start, min(start + 3, len(m)))
            running.add(m[part, sample], part)
    near = tolerance(m)
    np.testing.assert_allclose(running.mean(), m.mean(axis=1, dtype=np.float64), atol=1e-12)
    np.testing.assert_allclose(running.bald(), information(m), atol=near)
    np.testing.assert_allclose(running.predictive_entropy(), mean_entropy(m), atol=near)
    np.testing.assert_allclose(running.mean_std(), spread(m), atol=near)
    np.testing.assert_allclose(running.vote_entropy(), vote_entropy(m), atol=1e-12)
    np.testing.assert_allclose(running.variation_ratio(), 1.0 - modal_share(m), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(rows(most=20), st.integers(1, 9))
def test_running_over_members_that_agree(p: NDArray[Any], samples: int) -> None:
    running = Running(*p.shape, spread=True)
    for _ in range(samples):
        running.add(p)
    assert running.bald().tolist() == [0.0] * len(p)
    assert running.mean_std().tolist() == [0.0] * len(p)


def test_running_holds_no_more_than_it_says() -> None:
    p = np.full((20_000, 10), 0.1, dtype=np.float32)
    tracemalloc.start()
    running = Running(*p.shape)
    for _ in range(5):
        running.add(p)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 20_000 * 12 * 8 + (1 << 16)


def test_running_refuses_by_name() -> None:
    running = Running(3, 2)
    with pytest.raises(querist.StateError, match="3 of 3 items have no member yet"):
        running.bald()
    with pytest.raises(querist.ArgumentError, match=r"probs must have shape \(3, 2\) here, got \(2, 2\)"):
        running.add(np.full((2, 2), 0.5))
    with pytest.raises(querist.DataError, match="logits"):
        running.add(np.full((3, 2), 5.0))
    running.add(np.full((2, 2), 0.5), slice(0, 2))
    with pytest.raises(querist.StateError, match=r"1 of 3 items .* first rows \[2\]"):
        running.mean()
    running.add(np.full((1, 2), 0.5), slice(2, 3))
    with pytest.raises(querist.StateError, match="spread=True"):
        running.mean_std()
    with pytest.raises(querist.StateError, match="votes=True"):
        running.variation_ratio()
