"""Labels that came with the data: one kind, missing ones told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.data.labels import labels_as_text, plain_label


@pytest.mark.parametrize(
    "given, wanted",
    [
        (["cat", "dog"], ["cat", "dog"]),
        ([3, 10], ["3", "10"]),
        ([np.int64(3), 10], ["3", "10"]),
        ([True, False], ["True", "False"]),
        ([1.5, 2.0], [1.5, 2.0]),
        ([3, 3.5], [3.0, 3.5]),
        ([["a", "b"], []], [["a", "b"], []]),
        ([(1, 2), [3]], [["1", "2"], ["3"]]),
        ([np.array([1, 2])], [["1", "2"]]),
        ([{"b", "a"}], [["a", "b"]]),
        ([{"a": 0.5, "b": 0.5}], [{"a": 0.5, "b": 0.5}]),
        (["cat", None, "", " ", float("nan"), np.nan], ["cat", None, None, None, None, None]),
        ([1, None], ["1", None]),
        ([None, ""], None),
        ([], None),
    ],
)
def test_labels_become_plain(given: list[Any], wanted: Any) -> None:
    found = labels_as_text(given, "the data")
    assert found == wanted
    assert found is None or [type(v) for v in found] == [type(v) for v in wanted]


def test_text_of_numpy_is_plain() -> None:
    assert type(plain_label(np.str_("a"))) is str
    assert plain_label(np.float32(0.5)) == 0.5


@pytest.mark.parametrize(
    "given, words",
    [
        ([1, "1"], ["int (first in row 0: 1)", "str (first in row 1: '1')"]),
        ([1, 1.0], ["int", "float"]),
        (["x", "1", True], ["str (first in row 0", "bool (first in row 2: True)"]),
        ([1, True], ["int", "bool"]),
        ([[1, "1"]], ["int", "str", "inside the lists"]),
        ([["a"], "a"], ["list", "str"]),
        ([{"a", 1}], ["int", "str", "inside the lists"]),
    ],
)
def test_mixed_kinds_are_refused(given: list[Any], words: list[str]) -> None:  # row 12
    with pytest.raises(DataError) as error:
        labels_as_text(given, "the data")
    assert error.value.code == "MixedLabelTypes"
    assert all(word in str(error.value) for word in ["the data", *words])


def test_lines_are_named_where_they_are_known() -> None:
    with pytest.raises(DataError, match=r"int \(first in line 2: 1\), str \(first in line 5: 'x'\)"):
        labels_as_text([1, "x"], "the file", lines=[2, 5])
