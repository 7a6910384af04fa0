"""A journal is taken up only by the session that began it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.core.types import Event
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.session.identity import Identity
from querist.strategies.algebra import as_strategy


def identity(**other: Any) -> Identity:
    parts: dict[str, Any] = {
        "seed": 3,
        "strategy": as_strategy("margin"),
        "schema": SingleLabel(("a", "b")),
        "source": array_source(np.arange(6.0)[:, None]),
        **other,
    }
    return Identity(**parts)


def test_what_is_written_down() -> None:
    first = identity().to_json({"made": "by hand"})
    assert list(first) == ["spec", "seed", "strategy", "schema", "pool"]
    assert (first["spec"], first["seed"], first["strategy"]) == ({"made": "by hand"}, 3, "margin")
    assert first["pool"]["items"] == 6
    assert identity().to_json(None)["spec"] == {}


def test_the_same_and_one_with_more_classes_are_let_in() -> None:
    created = Event("created", identity().to_json(None))
    identity().check(created)
    identity(schema=SingleLabel(("a", "b", "c"))).check(created)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"seed": 4}, "another seed: it says 3, this session has 4"),
        ({"strategy": as_strategy("entropy")}, "another strategy: it says 'margin', this session has 'entropy'"),
        ({"source": array_source(np.arange(7.0)[:, None])}, "another pool"),
    ],
)
def test_others_are_refused_by_name(other: dict[str, Any], what: str) -> None:
    with pytest.raises(StateError, match=what) as error:
        identity(**other).check(Event("created", identity().to_json(None)))
    assert error.value.code == "SpecMismatch"
    with pytest.raises(StateError, match="another"):
        identity().check(Event("asked", identity().to_json(None)))
