"""Answers given before a class was renamed or merged."""

from __future__ import annotations

from typing import Any

import pytest

from querist.data.renaming import rename_class


@pytest.mark.parametrize(
    "value, wanted",
    [
        ("cat", "tom"),
        ("dog", "dog"),
        (["dog", "cat"], ["dog", "tom"]),
        (["tom", "cat", "dog"], ["tom", "dog"]),
        ([], []),
        ({"cat": 0.5, "dog": 0.5}, {"tom": 0.5, "dog": 0.5}),
        ({"tom": 0.25, "cat": 0.25, "dog": 0.5}, {"tom": 0.5, "dog": 0.5}),
        ([[0, 2, "cat"], [2, 3, "dog"]], [[0, 2, "tom"], [2, 3, "dog"]]),
        (1.5, 1.5),
        (None, None),
        (True, True),
    ],
)
def test_each_kind_of_label(value: Any, wanted: Any) -> None:
    assert rename_class(value, "cat", "tom") == wanted


def test_the_given_value_stays() -> None:
    value = {"cat": 1.0}
    rename_class(value, "cat", "tom")
    assert value == {"cat": 1.0}
