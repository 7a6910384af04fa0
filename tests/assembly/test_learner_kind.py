"""A kind of learner: keys as the Python arguments, recipes changed and not replaced, members where dropout is."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from querist.assembly.learners import LEARNERS, model_spec
from querist.core.errors import ArgumentError
from querist.core.signals import MEMBERS, PROBS
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.stochastic.ensemble import Ensemble
from querist.strategies.algebra import as_strategy
from querist.training.calibrated import Calibrated
from querist.training.tabular import TABULAR
from querist.training.torch_learner import TorchLearner

# What a file cannot say, or says under another name.
PYTHON_ONLY = {
    "source", "schema", "recipe", "providers", "plugins", "curriculum", "transform", "validation", "vocabulary",
    "graph", "begin", "more",
}  # fmt: skip
X = array_source(np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32))
TWO = SingleLabel(("a", "b"))


def names(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_keys_are_the_arguments(name: str) -> None:
    kind = LEARNERS[name]
    known = names(kind.make) | (names(TorchLearner) - {"module"} if kind.equipped else set())
    assert set(kind.table.model_fields) - {"learner", "training", "calibration"} == known - PYTHON_ONLY


def build(*strategies: str, **keys: Any) -> Any:
    spec = model_spec("tabular", hidden=[4], **keys)
    return LEARNERS["tabular"].build(spec, X, TWO, *map(as_strategy, strategies))


def test_training_changes_the_recipe_of_the_learner() -> None:
    assert build().recipe == TABULAR
    assert build(training={"epochs": 7, "lr": 0.5}).recipe == replace(TABULAR, epochs=7, lr=0.5)
    with pytest.raises(ArgumentError, match="epochs"):
        build(training={"epochs": 0})


def test_members_are_added_where_a_strategy_needs_them_and_dropout_is() -> None:
    assert MEMBERS in build("bald", dropout=0.1).provides
    assert MEMBERS not in build("margin", dropout=0.1).provides
    assert MEMBERS not in build("bald").provides, "the session then names what is missing"
    with pytest.raises(ArgumentError) as error:
        build("bald", members=3)
    assert error.value.code == "NeedsDropout"
    made = build("bald", members={"kind": "ensemble", "networks": 3})
    assert made.parts.posterior == Ensemble(3)


def test_calibration_wraps_the_learner() -> None:
    made = build(calibration={"folds": 3})
    assert isinstance(made, Calibrated)
    assert made.folds == 3
    assert PROBS in made.provides
