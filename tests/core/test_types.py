"""Records: answers survive JSON, items remember rows, ids are not positions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentTypeError
from querist.core.types import Answer, AnswerKind, Items, Provenance, Query

values = st.one_of(
    st.none(), st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.text(max_size=3))
)


@given(
    st.text(min_size=1, max_size=5),
    st.sampled_from(AnswerKind),
    values,
    st.text(max_size=4),
    st.floats(0, 10),
    st.sampled_from(Provenance),
)
@settings(deadline=None, max_examples=50)
def test_answers_survive_json(
    item: str, kind: AnswerKind, value: object, who: str, cost: float, provenance: Provenance
) -> None:
    answer = Answer(item, kind, value, who, cost, provenance)  # type: ignore[arg-type]
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_a_position_is_not_an_id() -> None:
    with pytest.raises(ArgumentTypeError, match="ids, not positions: got int 3") as error:
        Answer.label(3, "cat")  # type: ignore[arg-type]
    assert error.value.code == "NotAnId"


def test_items() -> None:
    items = Items(["a", "b", "c", "d"], np.array([3, 0, 1]))
    assert list(items) == ["d", "a", "b"]
    assert items[-1] == "b"
    assert list(items[1:]) == ["a", "b"]
    assert len(items) == 3
    assert "d" in items
    assert items.index("a") == 1


def test_queries_are_sequences_of_ids() -> None:
    query = Query("q0", 0, ("a", "b"), "random")
    assert list(query) == ["a", "b"]
    assert len(query) == 2
