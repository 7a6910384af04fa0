from __future__ import annotations

import uuid
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from querist.server import shapes, wire

MODELS = [getattr(wire, name) for name in wire.__all__]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_refuses_what_it_does_not_know(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    with pytest.raises(ValidationError, match=r"extra_forbidden|not permitted"):
        model.model_validate({"surprise": 1})


def test_nothing_that_comes_in_goes_out() -> None:
    """Separate models: no field of an answer can be set because a request has a model in common with it."""
    assert not {getattr(shapes, name) for name in shapes.__all__} & set(MODELS)


@pytest.mark.parametrize(
    "change",
    [{"fence": "1"}, {"fence": 1.0}, {"fence": -1}, {"seconds": "1"}, {"shown": 1}, {"item": ""}, {"query": 5}],
)
def test_values_are_not_converted(change: dict[str, Any]) -> None:
    good = {"key": str(uuid.uuid4()), "query": "q0", "fence": 0, "item": "i", "kind": "label", "value": "cat"}
    assert wire.AnswerIn.model_validate(good).seconds == 0.0
    with pytest.raises(ValidationError):
        wire.AnswerIn.model_validate({**good, **change})


@pytest.mark.parametrize("change", [{"add": "a"}, {"rename": "a", "to": "b"}, {"merge": "a", "into": "b"}])
def test_one_change_of_classes_at_a_time(change: dict[str, str]) -> None:
    wire.Classes.model_validate(change)
    with pytest.raises(ValidationError):
        wire.Classes.model_validate({**change, **({"to": "x"} if "add" in change else {"add": "x"})})
