from __future__ import annotations

import math
from typing import Any

import pytest

from querist.core.errors import ArgumentError
from querist.training.recipe import Recipe


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("epochs", True),
        ("batch_size", -3),
        ("batch_size", None),
        ("patience", 0),
        ("threads", 0),
        ("min_steps", -1),
        ("lr", 0),
        ("lr", math.nan),
        ("lr", math.inf),
        ("grad_clip", 0.0),
        ("weight_decay", -0.1),
        ("optimizer", "lion"),
        ("schedule", "linear"),
        ("label_smoothing", 1.0),
        ("validation", -0.1),
        ("cpu_fallback", 1),
        ("drop_last", "no"),
        ("warm_start", None),
    ],
)
def test_values_out_of_range_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=name) as caught:
        Recipe(**{name: value})
    assert caught.value.code == "BadValue"


def test_the_edges_are_taken() -> None:
    Recipe(epochs=1, batch_size=1, patience=1, min_steps=0, weight_decay=0.0, grad_clip=1e-9, label_smoothing=0.0)


def test_names_are_those_of_the_arguments() -> None:
    assert Recipe.names()[:3] == ["optimizer", "lr", "weight_decay"]
    Recipe(**{name: getattr(Recipe(), name) for name in Recipe.names()})
