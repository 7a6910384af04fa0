"""Files of odd shapes: each reader raises named errors and nothing else, and can leave such rows out."""

from __future__ import annotations

import contextlib
import json
import random
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
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
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


class Odd:
    """Rows that are nearly right: each part has mostly the shape that readers look for."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def leaf(self) -> Any:
        return self.one(None, True, False, -1, 0, 3, 1.5, 2**63 - 1, -1e300, *WORDS)

    def shape(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if depth > 3 or kind < 0.4:
            return self.leaf()
        if kind < 0.7:
            return [self.shape(depth + 1) for _ in range(self.random.randint(0, 3))]
        return {self.one(*KEYS): self.shape(depth + 1) for _ in range(self.random.randint(0, 4))}

    def span(self) -> Any:
        return [self.random.randint(-1, 5), self.random.randint(-1, 8), self.one("X", 1)]

    def result(self) -> Any:
        values = (
            {"choices": self.one(["a"], ["a", "b"], "a", None, self.shape())},
            {
                "start": self.one(0, -1, 9, None),
                "end": self.one(2, 9, True),
                "labels": self.one(["X"], None),
                "text": "a",
            },
            {"number": self.leaf(), "rating": self.leaf(), "text": self.shape()},
            self.shape(),
        )
        return {
            "type": self.one("choices", "labels", "number", "rating", "textarea", "other", None),
            "value": self.one(*values),
        }

    def answer(self) -> Any:
        kind = self.one("label", "distribution", "skip", "reject", "verification", "odd")
        value = self.one(self.leaf(), [self.span()], {"a": 1, "b": self.leaf()}, self.shape())
        more = {
            "annotator": self.leaf(),
            "at": self.one("2026-01-01T00:00:00", self.leaf()),
            "counted": self.one(True, False),
        }
        return {"kind": kind, "value": value, **self.one({}, more)}

    def kept(self) -> Any:
        parts = ("flag", "extra", "fields", "suggestions", "exact", "flag_note")
        odd = {key: self.shape() for key in self.random.sample(parts, self.random.randint(0, 2))}
        absent = self.one([], ["text"], [self.shape()])
        return {"v": 1, "id": self.one("i", "i", self.leaf()), "answers": [self.answer()], "absent": absent, **odd}

    def row(self) -> Any:
        row = {key: self.shape() for key in self.random.sample(KEYS, self.random.randint(0, 3))}
        row["text"] = self.one("a text", "a𝄞b", "", self.leaf())
        spans = [{"start": self.one(0, True, -1), "end": 2, "label": self.one("X", None)}]
        task = {
            "data": {"text": self.one("a𝄞b", self.leaf())},
            "annotations": [{"result": [self.result(), self.result()], "completed_by": self.shape()}],
            "predictions": [{"result": [self.result()], "score": self.leaf()}],
            "meta": self.one({"querist": self.kept()}, self.shape()),
        }
        near = (
            {"querist": self.kept()},
            {"querist": 1, **self.kept()},
            {"answer": self.one("accept", "reject", "ignore"), "spans": spans},
            {"label": self.one(["A"], [self.span()], "A"), "answer": "accept"},
            {"accept": self.shape(), "answer": "accept"},
            task,
        )
        return {**row, **self.one(*near)}


@pytest.mark.parametrize("format", FORMATS)
def test_nearly_right_files(format: str, tmp_path: Path) -> None:
    odd = Odd(FORMATS.index(format))
    path = tmp_path / f"near{SUFFIXES[format]}"
    count = 0
    for _ in range(250):
        rows = [odd.row() for _ in range(3)]
        path.write_text(json.dumps(rows) if format == "label-studio" else "".join(json.dumps(r) + "\n" for r in rows))
        reading = Reading(task=odd.one(None, "single", "multi", "number", "spans"), bad=lambda line, why: None)
        with contextlib.suppress(QueristError):
            for record in read_records(format, path, reading):
                count += 1
                texts = (record.id, record.text, record.file, record.flag_note)
                assert all(text is None or isinstance(text, str) for text in texts), record
                assert all(isinstance(label["kind"], str) for label in record.labels), record
                assert all(isinstance(s, dict) for s in (*record.suggestions, record.extra, record.fields or {})), (
                    record
                )
    assert count > 10, "some are right"


@pytest.mark.parametrize("format", [*FORMATS, "csv", "conll"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
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


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
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
