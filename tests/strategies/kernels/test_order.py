"""The highest of many numbers against a full sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.seeds import id_hashes, tie_keys
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
