"""Exported items drawn by Hypothesis: answers of every kind, odd texts, and all that an item can carry."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from querist.data.formats.exported import Exported
from querist.data.record import Record

CLASSES = ("cat", "dog", "=SUM(A1)", "naïve ☃", "[x]", '{"a": 1}', "3")

letters = st.characters(exclude_categories=["Cs"])
texts = st.text(letters, max_size=12) | st.sampled_from(
    ["=1+1", "\ufeff=x", " @a", "\t", 'a,b\r\n"c"', "\r", "\0", "𝄞 a"]
)
names = st.text(letters, min_size=1, max_size=6) | st.sampled_from(
    ["text", "id", "label", "meta", "state", "image", "=x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
classes = st.sampled_from(CLASSES)


@st.composite
def spans(draw: st.DrawFn, text: str) -> list[list[Any]]:
    """Spans within a text, of one letter at least, none over another."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
    return [[a, b, draw(classes)] for a, b in zip(cuts[::2], cuts[1::2], strict=False)]


@st.composite
def answers(draw: st.DrawFn, text: str | None, task: str) -> dict[str, Any]:
    """One answer, with some of what an answer can carry."""
    kind = draw(st.sampled_from(["label", "label", "distribution", "skip", "reject"]))
    out: dict[str, Any] = {"kind": kind}
    if kind == "label":
        out["value"] = draw(
            {
                "single": classes,
                "multi": st.lists(classes, unique=True, max_size=3),
                "number": st.floats(-1e6, 1e6) | st.integers(-5, 5),
                "spans": spans(text) if text is not None else st.just([]),
            }[task]
        )
    elif kind == "distribution":
        out["value"] = draw(st.dictionaries(classes, st.floats(0, 1), min_size=1, max_size=3))
    optional = {
        "annotator": st.sampled_from(["ann", "bob@example.org"]),
        "at": st.just("2026-11-26T10:00:00+00:00"),
        "seconds": st.floats(0, 1e4),
        "note": texts,
        "rationale": st.just({"words": [[0, 1]]}),
        "counted": st.just(False),
    }
    out.update(draw(st.fixed_dictionaries({}, optional=optional)))
    return out


@st.composite
def exported(draw: st.DrawFn, *, task: str | None = None, id: str = "") -> Exported:
    """One item with its answers."""
    chosen = task or draw(st.sampled_from(["single", "multi", "number", "spans"]))
    text = draw(texts if chosen == "spans" else st.none() | texts)
    file = draw(st.none() | st.just("cats/1.png")) if text is not None else "cats/1.png"
    record = Record(
        id or draw(st.text(letters, min_size=1, max_size=5).filter(lambda x: "\0" not in x)),
        text,
        file,
        draw(st.none() | st.dictionaries(names, values, max_size=3)),
        suggestions=draw(
            st.lists(st.fixed_dictionaries({"value": classes, "score": st.floats(0, 1), "source": texts}), max_size=1)
        ),
        extra=draw(st.dictionaries(names, values, max_size=3)),
    )
    said = draw(st.lists(answers(text, chosen), max_size=3))
    note = draw(st.none() | texts)
    return Exported(record, said, "unlabelled", draw(st.booleans()), note)


def batches(task: str | None = None) -> st.SearchStrategy[list[Exported]]:
    """Some items with different ids."""
    return st.lists(st.integers(0, 10**6), unique=True, min_size=1, max_size=4).flatmap(
        lambda numbers: st.tuples(*(exported(task=task, id=draw_id(n)) for n in numbers)).map(list)
    )


def draw_id(number: int) -> str:
    """An id; every third begins like a formula."""
    return f"=i{number}" if number % 3 == 0 else f"i{number}"


def same(read: Record, item: Exported) -> None:
    """Fail unless a record read back is the item that was written, to the letter."""
    record = item.record
    assert (read.id, read.text, read.file) == (record.id, record.text, record.file)
    assert read.fields == record.fields
    assert read.extra == record.extra
    assert list(read.suggestions) == list(record.suggestions)
    assert list(read.labels) == list(item.answers)
    assert (read.flag, read.flag_note or None) == (item.flag, item.flag_note or None)
