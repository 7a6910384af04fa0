"""Records: ids from content, and JSON that every reader can read."""

from __future__ import annotations

import pytest

from querist.core.errors import DataError
from querist.data.ids import digest_texts
from querist.data.record import Record, content_id, json_text


def test_the_id_of_a_text_is_the_one_that_read_gives() -> None:
    for text in ("a good film", "", "naïve ☃ 𝄞"):
        assert content_id(Record(text=text)) == digest_texts([text])[0].tobytes().hex()


def test_other_content_has_another_id_and_the_order_of_fields_plays_no_part() -> None:
    ids = {
        content_id(Record(text="a")),
        content_id(Record(file="a")),
        content_id(Record(text="a", fields={"x": 1})),
        content_id(Record(text="a", fields={"x": 2})),
        content_id(Record(fields={"x": 1})),
    }
    assert len(ids) == 5
    assert content_id(Record(fields={"x": 1, "y": 2})) == content_id(Record(fields={"y": 2, "x": 1}))
    assert content_id(Record(text="a", extra={"k": 1})) == content_id(Record(text="a")), "extra is no content"


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": "\ud800"}, {"a": {1, 2}}, {"a": b"x"}])
def test_what_json_cannot_hold_is_named(value: object) -> None:
    with pytest.raises(DataError, match="record 3") as caught:
        json_text(value, "record 3")
    assert caught.value.code == "BadItem"


def test_json_keeps_letters_as_they_are() -> None:
    assert json_text({"b": "é", "a": 1}, "x") == '{"b":"é","a":1}'
    assert json_text({"b": "é", "a": 1}, "x", sort=True) == '{"a":1,"b":"é"}'
