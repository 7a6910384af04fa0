from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.models.tabular import tabular_features


def test_numbers_are_filled_with_the_median_and_flagged() -> None:
    x, names = tabular_features({"age": [10, None, "30", "", float("nan")], "size": [1.5, 2, 3, 4, 5]})
    assert names == ("age", "age is missing", "size")
    np.testing.assert_array_equal(x[:, 0], [10, 20, 30, 20, 20])
    np.testing.assert_array_equal(x[:, 1], [0, 1, 0, 1, 1])
    np.testing.assert_array_equal(x[:, 2], [1.5, 2, 3, 4, 5])
    assert x.dtype == np.float32


def test_categories_are_columns_the_commonest_first() -> None:
    x, names = tabular_features({"colour": ["red", "blue", "red", None, "green", "blue", "red"]}, most=2)
    assert names == ("colour = red", "colour = blue", "colour = other")
    np.testing.assert_array_equal(x.sum(axis=1), 1)
    np.testing.assert_array_equal(x[:, 0], [1, 0, 1, 0, 0, 0, 1])
    np.testing.assert_array_equal(x[:, 2], [0, 0, 0, 1, 1, 0, 0])


def test_booleans_are_numbers_and_a_missing_category_has_its_name() -> None:
    x, names = tabular_features({"yes": [True, False], "kind": ["a", ""]})
    assert names == ("yes", "kind = missing", "kind = a")
    np.testing.assert_array_equal(x, [[1, 0, 1], [0, 1, 0]])


@pytest.mark.parametrize("columns", [{}, {"a": []}, {"a": [1], "b": [1, 2]}])
def test_what_is_no_table_is_refused(columns: dict[str, list[int]]) -> None:
    with pytest.raises(DataError) as caught:
        tabular_features(columns)
    assert caught.value.code == "BadFeatures"
