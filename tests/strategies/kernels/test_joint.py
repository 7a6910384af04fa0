"""Contractions of members of two sets against sums written out in float64."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from probability_rows import rows
from querist.strategies.kernels import joint
from querist.strategies.kernels.joint import (
    expected_error_drop,
    expected_information,
    expected_squared_change,
    gain_vectors,
    ratios,
)


def slow(members: NDArray[Any], reference: NDArray[Any]) -> tuple[Any, Any, Any]:
    """(N, M) information, squared change and rise of the largest probability, answer by answer, member by member."""
    information, squared, rise = (np.zeros((len(members), len(reference))) for _ in range(3))
    for i, item in enumerate(members.astype(np.float64)):
        for j, other in enumerate(reference.astype(np.float64)):
            before = other.mean(axis=0)
            for y in range(item.shape[1]):
                p = item[:, y].mean()
                if p <= 0:
                    continue
                after = (item[:, y] / item[:, y].sum()) @ other  # members re-weighted by p_s(y|x)
                where = after > 0
                information[i, j] += p * (after[where] * np.log(after[where] / before[where])).sum()
                squared[i, j] += p * ((after - before) ** 2).sum()
                rise[i, j] += p * (after.max() - before.max())
    return information, squared, rise


def pair(draw_from: NDArray[Any], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Members and a reference with the same samples: other items, or some of the very same ones."""
    rng = np.random.default_rng(seed)
    other = draw_from[rng.integers(0, len(draw_from), rng.integers(1, 6))]
    if seed % 2:
        other = other[:, :, ::-1]
    return draw_from, np.ascontiguousarray(other)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=6), st.integers(0, 1000))
def test_against_the_sums_written_out(m: NDArray[Any], seed: int) -> None:
    members, reference = pair(m, seed)
    information, squared, rise = slow(members, reference)
    near = 3e-5 if m.dtype == np.float32 else 1e-12  # rows of float32 need not sum to 1 exactly
    np.testing.assert_allclose(expected_information(members, reference), information.mean(axis=1), atol=near)
    np.testing.assert_allclose(expected_squared_change(members, reference), squared.mean(axis=1), atol=near)
    np.testing.assert_allclose(expected_error_drop(members, reference), rise.mean(axis=1), atol=near)
    np.testing.assert_allclose(gain_vectors(members, reference, squared=False), information, atol=near)
    np.testing.assert_allclose(gain_vectors(members, reference, squared=True), squared, atol=near)


@settings(max_examples=25, deadline=None)
@given(rows(members=True, most=6))
def test_never_below_zero_and_never_nan(m: NDArray[Any]) -> None:
    for values in (expected_information(m, m), expected_squared_change(m, m), expected_error_drop(m, m)):
        assert (values >= 0).all()
        assert np.isfinite(values).all()


@settings(max_examples=15, deadline=None)
@given(rows(most=6), rows(members=True, most=3))
def test_members_that_agree_tell_exactly_nothing(p: NDArray[Any], m: NDArray[Any]) -> None:
    sure = np.repeat(p[:, None, :], m.shape[1], axis=1)
    for kernel in (expected_information, expected_squared_change, expected_error_drop):
        assert kernel(sure, m).tolist() == [0.0] * len(p)
        assert kernel(m, sure).tolist() == [0.0] * len(m)


def test_symmetric_in_the_two_items() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.dirichlet(np.ones(3), (1, 8)), rng.dirichlet(np.ones(5), (1, 8))
    np.testing.assert_allclose(expected_information(a, b), expected_information(b, a), rtol=1e-12)


def test_small_information_keeps_its_digits_in_float32() -> None:
    """As a difference of entropies of order 1, information of order 1e-7 would be rounding only."""
    rng = np.random.default_rng(1)
    m = (0.25 + 1e-2 * rng.standard_normal((4, 6, 4))).astype(np.float32)
    m /= m.sum(axis=2, keepdims=True)
    exact = slow(m, m)[0].mean(axis=1)
    assert exact.max() < 1e-6
    np.testing.assert_allclose(expected_information(m, m), exact, rtol=1e-2)


def test_the_smooth_top_nears_the_top() -> None:
    rng = np.random.default_rng(2)
    m, q = rng.dirichlet(np.ones(3), (9, 5)), rng.dirichlet(np.ones(3), (7, 5))
    hard = expected_error_drop(m, q)
    np.testing.assert_allclose(expected_error_drop(m, q, sharpness=1e4), hard, atol=2e-4)
    assert np.abs(expected_error_drop(m, q, sharpness=2.0) - hard).max() > 1e-3


@pytest.mark.parametrize("kernel", [expected_information, expected_squared_change, expected_error_drop])
def test_where_the_product_is_uneven_it_is_made_in_float64(kernel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenBLAS for Haswell gives equal rows other last digits at other places."""
    rng = np.random.default_rng(4)
    m, q = (rng.dirichlet(np.ones(7), (size, 9)).astype(np.float32) for size in (40, 30))
    twice = np.concatenate([m, m[::-1]])
    types = []
    plain = np.matmul

    def matmul(*arrays: Any, **how: Any) -> Any:
        types.append(how.get("dtype"))
        return plain(*arrays, **how)

    monkeypatch.setattr(joint, "_even", lambda _: False)
    monkeypatch.setattr(np, "matmul", matmul)
    got = kernel(twice, q)
    assert np.float64 in types
    assert np.array_equal(got[:40], got[:39:-1])
    monkeypatch.undo()
    np.testing.assert_allclose(got, kernel(twice, q), rtol=2e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", [expected_information, expected_squared_change, expected_error_drop])
def test_a_rows_result_does_not_depend_on_its_place(kernel: Any, dtype: Any) -> None:
    """Else reordering a pool would move ties between copies."""
    rng = np.random.default_rng(3)
    m = rng.dirichlet(np.ones(7), (211, 9)).astype(dtype)
    q = rng.dirichlet(np.ones(7), (301, 9)).astype(dtype)
    order = rng.permutation(len(m))
    plain = kernel(m, q)
    assert np.array_equal(plain[order], kernel(m[order], q))
    assert np.array_equal(plain[5:6], kernel(m[5:6], q))


def test_reference_in_several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    m, q = rng.dirichlet(np.ones(3), (20, 5)), rng.dirichlet(np.ones(3), (50, 5))
    whole = expected_information(m, q), gain_vectors(m, q, squared=True)
    monkeypatch.setattr(joint, "_CHUNK", 7 * 5 * 3 * 8)
    monkeypatch.setattr(joint, "_COLUMNS", 9)
    monkeypatch.setattr(joint, "_ROWS", 6)
    np.testing.assert_allclose(expected_information(m, q), whole[0], rtol=1e-12)
    np.testing.assert_allclose(gain_vectors(m, q, squared=True), whole[1], rtol=1e-12)


def test_ratios_of_impossible_classes_are_one() -> None:
    deviations, means = ratios(np.array([[[1.0, 0.0], [1.0, 0.0]]]), np.dtype(np.float64))
    assert deviations.tolist() == [[[0.0, 0.0], [0.0, 0.0]]]
    assert means.tolist() == [[1.0, 0.0]]


def test_memory_stays_small() -> None:
    rng = np.random.default_rng(5)
    m = rng.dirichlet(np.ones(10), (400, 20)).astype(np.float32)
    tracemalloc.start()
    expected_information(m, m)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20, "the joint probabilities would take 64 MB"
