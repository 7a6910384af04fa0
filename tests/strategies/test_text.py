"""How values are written."""

from __future__ import annotations

from typing import Any

import pytest

from querist.strategies.scores.margin import Margin
from querist.strategies.text import Form, call, number


@pytest.mark.parametrize(
    ("value", "text", "python"),
    [
        (3, "3", "3"),
        (0.1, "0.1", "0.1"),
        (True, "True", "True"),
        (None, "None", "None"),
        ("rbf", "rbf", "'rbf'"),
        ("two words", "'two words'", "'two words'"),
        ("None", "'None'", "'None'"),
        ("it's", '"it\'s"', '"it\'s"'),
        ((1, 2.5), "[1, 2.5]", "[1, 2.5]"),
        ({Margin(): 0.5}, "{margin: 0.5}", "{Margin(): 0.5}"),
    ],
)
def test_values(value: Any, text: str, python: str) -> None:
    assert Form(python=False).value(value) == text
    assert Form(python=True).value(value) == python


def test_calls() -> None:
    pairs: list[tuple[str | None, Any]] = [(None, 3), ("k", "a")]
    assert call(Form(python=False), "f", pairs) == "f(3, k=a)"
    assert call(Form(python=False), "f", []) == "f"
    assert call(Form(python=True), "F", []) == "F()"


def test_numbers_read_back() -> None:
    for value in (0.1, 1e-300, 5e-324, 1 / 3, 12345678.9, 3):
        assert float(number(value)) == value
