"""JSON arrays object by object: large ones, broken ones, with line and column."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.core.errors import DataError
from querist.data.formats.json_array import array_objects
from querist.data.formats.reading import Reading


def objects(tmp_path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    return list(array_objects(path, Reading()))


def test_objects_have_their_lines(tmp_path: Path) -> None:
    assert objects(tmp_path, '\ufeff [{"a": 1},\n\n {"b": "]"} ,{"c": [\n2]}\n]\n') == [
        (1, {"a": 1}),
        (3, {"b": "]"}),
        (3, {"c": [2]}),
    ]
    assert objects(tmp_path, '\n{"one": 1}\n') == [(2, {"one": 1})]


@pytest.mark.parametrize("indent", [None, 1])
def test_objects_longer_than_a_piece(indent: int | None, tmp_path: Path) -> None:
    made = [{"k": k, "text": "x" * 90_000, "more": ["é𝄞"] * 9} for k in range(5)]
    found = objects(tmp_path, json.dumps(made, indent=indent, ensure_ascii=False))
    assert [value for _, value in found] == made


def test_a_large_file_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with path.open("w") as file:
        file.write("[" + ",\n".join(json.dumps({"k": k, "text": "x" * 1_000}) for k in range(20_000)) + "]")
    tracemalloc.start()
    assert sum(1 for _ in array_objects(path, Reading())) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 20


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "is empty"),
        ("[]", "an empty list"),
        ('[{"a": 1}\n {"b": 1}]', "line 2, column 2: a comma or ]"),
        ('[{"a": 1},', "line 1"),
        ('[{"a": 1}, 5]', "line 1, column 12: an object"),
        ('[{"a": NaN}]', "line 1, column 2: NaN"),
        ('[{"a": 1,\n  "a": 2}]', "twice"),
        ('[{"a": 1,\n  "b" 2}]', "line 2, column 7"),
        ('[{"a": "open}]', "line 1, column 8"),
        ('{"a": 1}{', "nothing may stand here"),
        ('{"a": ' + "[" * 50_000, "32 levels"),
        ('{"a": "\\ud800"}', "surrogate"),
    ],
)
def test_faults_have_line_and_column(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.json") as caught:
        objects(tmp_path, text)
    assert words in str(caught.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=st.lists(st.dictionaries(st.sampled_from("abc"), _json), min_size=1, max_size=4), indent=st.none() | st.just(2)
)
def test_what_json_writes_is_read(made: list[Any], indent: int | None, tmp_path: Path) -> None:
    assert [value for _, value in objects(tmp_path, json.dumps(made, indent=indent))] == made
