"""Files of odd shapes: each reader raises named errors and nothing else, and can leave such rows out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.core.errors import QueristError
from querist.data.formats import SUFFIXES, read_records
from querist.data.formats.reading import Reading
from querist.data.item_store import ItemStore

KEYS = [
    *(
        "text",
        "id",
        "label",
        "labels",
        "entities",
        "spans",
        "answer",
        "accept",
        "options",
        "image",
        "data",
        "meta",
        "score",
    ),
    *(
        "annotations",
        "predictions",
        "result",
        "type",
        "value",
        "choices",
        "start",
        "end",
        "number",
        "querist",
        "v",
        "answers",
    ),
    *("_input_hash", "_timestamp", "_annotator_id", "config", "was_cancelled", "completed_by", "kind", "file", "state"),
    *("flag", "extra", "fields", "suggestions", "absent", "exact", "of", "start_offset", "end_offset"),
]
WORDS = [
    "a",
    "",
    "text",
    "accept",
    "reject",
    "ignore",
    "choices",
    "labels",
    "number",
    "label",
    "skip",
    "single",
    "x" * 50,
]
leaves = (
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from([1.5, 2**63 - 1, -1e300]) | st.sampled_from(WORDS)
)
shapes = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=14,
)
objects = st.dictionaries(st.sampled_from(KEYS), shapes, max_size=6)
tasks = st.fixed_dictionaries(
    {"data": objects}, optional={"annotations": shapes, "predictions": shapes, "meta": shapes}
)
marked = st.fixed_dictionaries(
    {
        "text": st.just("a text"),
        "querist": st.fixed_dictionaries({"v": st.just(1)}, optional={k: shapes for k in KEYS if k != "v"}),
    }
)
FORMATS = ["jsonl", "prodigy", "doccano", "label-studio"]


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(objects | tasks | marked, max_size=3),
    task=st.sampled_from([None, "single", "multi", "number", "spans"]),
)
def test_odd_shapes(format: str, rows: list[Any], task: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"odd{SUFFIXES[format]}"
    text = json.dumps(rows) if format == "label-studio" else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text)
    for reading in (Reading(task=task), Reading(task=task, bad=lambda line, why: None)):
        try:
            records = list(read_records(format, path, reading))
        except QueristError as error:
            if reading.bad is not None and error.code == "BadRow":
                raise
            continue
        for record in records:
            assert record.text is None or isinstance(record.text, str)
            assert record.file is None or isinstance(record.file, str)
            assert all(
                label["kind"] in ("label", "distribution", "verification", "skip", "reject") for label in record.labels
            )


@pytest.mark.parametrize("format", [*FORMATS, "csv", "conll"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.binary(max_size=80) | st.text(st.sampled_from('ab,"\n\r\t[]{}:1\ufeff\\ O-B'), max_size=60).map(str.encode)
)
def test_odd_bytes(format: str, data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"bytes{SUFFIXES[format]}"
    path.write_bytes(data)
    try:
        list(read_records(format, path, Reading()))
    except QueristError as error:
        if path.name not in str(error):
            raise


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(objects | marked, min_size=1, max_size=3))
def test_what_is_read_can_be_kept_or_is_refused_by_name(
    rows: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("s")
    path = folder / "odd.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with ItemStore(folder / "items.db") as store:
        try:
            store.add(read_records("jsonl", path, Reading(bad=lambda line, why: None)), "odd")
        except QueristError as error:
            assert len(store) == 0, error  # noqa: PT017
