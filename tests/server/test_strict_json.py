from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.server.strict_json import BadJson, loads


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
def test_what_is_refused_names_place_and_rule(body: bytes, pointer: str | None, word: str) -> None:
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
