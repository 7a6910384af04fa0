"""Kernels of several labels against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels import label_sets as module
from querist.strategies.kernels.label_sets import (
    closeness,
    count_errors,
    inconsistency,
    label_entropies,
    mean_place,
    separation,
)

P = np.array([[0.9, 0.6, 0.2], [0.1, 0.2, 0.3], [0.8, 0.9, 0.7], [0.5, 1.0, 0.0]])


def test_closeness_by_hand() -> None:
    assert closeness(P)[0] == pytest.approx([0.2, 0.8, 0.4])
    assert closeness(np.array([[1.0005, -0.0004]])).tolist() == [[0, 0]], "what is allowed beyond the range is sure"


def test_entropies_by_hand() -> None:
    got = label_entropies(P)
    assert got[0, 0] == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert got[3] == pytest.approx([math.log(2), 0, 0])
    assert label_entropies(P.astype(np.float32)) == pytest.approx(got, abs=1e-6)


def test_expected_errors_by_hand() -> None:
    errors, given_ = count_errors(P)
    assert given_.tolist() == [2, 1, 2, 2], "sums 1.7, .6, 2.4 and 1.5"
    assert errors == pytest.approx([0.1 + 0.4 + 0.2, 0.7 + 0.2 + 0.1, 0.1 + 0.2 + 0.7, 0.0 + 0.5 + 0.0])


def test_separation_by_hand() -> None:
    assert separation(P) == pytest.approx([0.2 + 0.6, 1 + 0.4, 0.4 + 1, 1 - 0])


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_mean_place(seed: int, size: int, width: int) -> None:
    values = np.random.default_rng(seed).integers(0, 4, (size, width)).astype(float)
    got = mean_place(values)
    for i in range(size):
        if size == 1:
            assert got[i] == 1
            continue
        larger = (values > values[i]).sum(axis=0)
        equal = (values == values[i]).sum(axis=0) - 1
        assert got[i] == pytest.approx(float(((larger + equal / 2) / (size - 1)).mean()))


def entropy(counts: list[int]) -> float:
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c)


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_inconsistency(seed: int, size: int, known: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.random((size, k)) < 0.5, rng.random((known, k)) < 0.5
    got = inconsistency(x, y)
    for i in range(size):
        total = 0.0
        for other in y:
            pairs = list(zip(x[i].tolist(), other.tolist(), strict=True))
            joint = entropy([pairs.count((a, b)) for a in (True, False) for b in (True, False)])
            single = entropy([int(x[i].sum()), k - int(x[i].sum())]) + entropy([int(other.sum()), k - int(other.sum())])
            if all(a != b for a, b in pairs):
                total += 1.0
            elif joint > 0:
                total += (2 * joint - single) / joint
        assert got[i] == pytest.approx(total / known, abs=1e-9)


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 5)) < 0.5, rng.random((30, 5)) < 0.5
    before = inconsistency(x, y)
    monkeypatch.setattr(module, "_CELLS", 1)
    assert inconsistency(x, y) == pytest.approx(before, abs=1e-12)
