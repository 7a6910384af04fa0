"""The highest of many numbers against a full sort."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.seeds import id_hashes, tie_keys
from querist.strategies.kernels import order
from querist.strategies.kernels.order import top


def test_ties_by_key() -> None:
    values = np.array([1.0, 3.0, 3.0, 2.0, 3.0])
    keys = np.array([0, 9, 4, 1, 7], dtype=np.uint64)
    assert top(values, 2, keys).tolist() == [2, 4]
    assert top(values, 4, keys).tolist() == [2, 4, 1, 3]
    assert top(values, 5, keys).tolist() == [2, 4, 1, 3, 0]
    assert top(values, 1, keys).dtype == np.int64


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([-2.5, 0.0, 0.25, 1.0, 1e30]), min_size=1, max_size=60), st.data())
def test_equals_a_full_sort(values: list[float], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(values)))
    keys = tie_keys(id_hashes(len(values)), data.draw(st.integers(0, 99)), "test")
    expected = sorted(range(len(values)), key=lambda i: (-values[i], int(keys[i])))[:n]
    for dtype in (np.float32, np.float64):
        assert top(np.array(values, dtype=dtype), n, keys).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(1, 9), st.integers(0, 999))
def test_in_many_blocks(size: int, different: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, different, size).astype(np.float64)
    keys = rng.integers(0, 50, size).astype(np.uint64)  # some keys are equal: then the first rows
    n = int(rng.integers(1, size + 1))
    expected = sorted(range(size), key=lambda i: (-values[i], int(keys[i]), i))[:n]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "_BLOCK", 16)
        assert top(values, n, keys).tolist() == expected


@pytest.mark.parametrize("alike", [True, False])
def test_no_copy_of_the_values(alike: bool) -> None:
    values = np.zeros(1_000_000) if alike else np.random.default_rng(0).random(1_000_000)
    keys = np.random.default_rng(1).integers(0, 2**63, 1_000_000).astype(np.uint64)
    tracemalloc.start()
    top(values, 100, keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (40 if alike else 5) << 20, "a sort of all ties would take more"
