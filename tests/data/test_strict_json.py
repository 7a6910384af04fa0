"""JSON that others can read too."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data.strict_json import DECODER, DEEPEST, check, doubtful, parse_object


@pytest.mark.parametrize(
    "line, words",
    [
        ('{"a": NaN}', "column 7: NaN"),
        ('{"a": -Infinity}', "column 7: -Infinity"),
        ('{"a": 1e999}', "column 7: the number 1e999 is too large"),
        ('{"a": 9223372036854775808}', "64 bits"),
        ('{"a": 1, "b": {"a": 1, "a": 2}}', "'a' stands there twice"),
        ('{"a": "\\udc00"}', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
        ("[]", "an object"),
        ('{"a": 1} x', "column 10"),
        ('{"a": ' + "[" * DEEPEST + "]" * DEEPEST + "}", "levels"),
        ("[" * 100_000, "levels"),
    ],
)
def test_what_is_refused(line: str, words: str) -> None:
    with pytest.raises(ValueError, match="column") as caught:
        parse_object(line)
    assert words in str(caught.value)


def test_what_is_taken() -> None:
    assert parse_object('{"a": 9223372036854775807, "b": [-1.5, true, null, "\\ud834\\udd1e"]}') == {
        "a": 2**63 - 1,
        "b": [-1.5, True, None, "𝄞"],
    }
    deep = '{"a": ' + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1) + "}"
    check(json.loads(deep))


@given(st.text(max_size=30))
def test_only_value_errors_come_out(line: str) -> None:
    for call in (parse_object, DECODER.decode):
        with contextlib.suppress(ValueError):  # RefusedError is one
            call(line)


@given(
    st.recursive(
        st.sampled_from(["x", "\ud800", "é", 1]),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        ),
        max_leaves=6,
    ),
    st.integers(0, 40),
)
def test_what_is_not_doubtful_is_good(value: Any, more: int) -> None:
    for _ in range(more):
        value = [value]
    for ascii_only in (True, False):
        line = json.dumps({"a": value}, ensure_ascii=ascii_only)
        if not doubtful(line) and line.isascii():
            check(json.loads(line))
