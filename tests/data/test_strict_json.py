"""JSON that others can read too."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data.strict_json import DECODER, DEEPEST, BadJson, check, doubtful, loads, parse_object


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
    deep = '{"a": ' + "[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1) + "}"
    assert loads(deep.encode()) == parse_object(deep) == json.loads(deep)


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


@pytest.mark.parametrize(
    "body, pointer, word",
    [
        (b'{"a": NaN}', "/a", "NaN"),
        (b"[Infinity]", "/0", "Infinity"),
        (b"[-Infinity]", "/0", "-Infinity"),
        (b'{"a": {"b": 1e999}}', "/a/b", "too large"),
        (b'{"value": 9223372036854775808}', "/value", "64 bits"),
        (b'{"value": -9223372036854775809}', "/value", "64 bits"),
        (b"[" + b"9" * 5000 + b"]", "/0", "64 bits"),
        (b'{"a": 1, "b": [{"c": 1, "c": 2}]}', "/b/0/c", "twice"),
        (b'{"a": 1, "a": {"x": 1}}', "/a", "twice"),
        (b'{"a": "\\ud800"}', "/a", "surrogate"),
        (b'{"a": ["x", "\\udc00\\ud800"]}', "/a/1", "surrogate"),
        (b'{"\\ud800": 1}', "", "surrogate"),
        (b'{"a/b~c": NaN}', "/a~1b~0c", "NaN"),
        (b"[" * 33 + b"]" * 33, None, "32 levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, None, "32 levels"),
        (b"[" * 100_000, None, "32 levels"),
        (b'{"a": \xff}', None, "UTF-8"),
        (b'"\xed\xa0\x80"', None, "UTF-8"),
        (b"{", None, "line 1"),
        (b"", None, "not JSON"),
    ],
)
def test_what_is_refused_in_a_body_has_its_pointer(body: bytes, pointer: str | None, word: str) -> None:
    with pytest.raises(BadJson) as caught:
        loads(body)
    assert caught.value.pointer == pointer
    assert word in caught.value.rule


@pytest.mark.parametrize(
    "body, value",
    [
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"[" * 32 + b"]" * 32, None),
        (json.dumps("[{" * 50 + '\\"').encode(), "[{" * 50 + '\\"'),
        (b"[" + b"[]," * 50 + b"[]]", [[] for _ in range(51)]),
    ],
)
def test_what_only_looks_bad_is_read(body: bytes, value: Any) -> None:
    read = loads(body)
    assert value is None or read == value


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(_PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadJson):
        loads(body)


@given(st.text(max_size=40) | _PLAIN.map(json.dumps))
def test_a_line_and_a_body_are_held_to_the_same_rules(line: str) -> None:
    try:
        value = {"object": parse_object(line)}
    except ValueError:
        value = {}
    try:
        read = loads(line.encode("utf-8", "surrogatepass"))
    except BadJson:
        read = None
    assert value.get("object") == (read if isinstance(read, dict) else None)
