"""Which learner a strategy gets, and that it can do what the strategy reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.core.signals import MEMBERS, MULTILABEL, PROBS
from querist.core.types import Items, Labels
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.server.trainer.learners import learner_for, linear_learner, predicted, some_labels
from querist.server.trainer.snapshot import Pool
from querist.strategies.algebra import as_strategy

SINGLE, MULTI = SingleLabel(("a", "b", "c")), MultiLabel(("a", "b", "c"))


def pool(count: int = 60) -> Pool:
    made = Pool([f"i{k}" for k in range(count)])
    centres = np.eye(3)[np.arange(count) % 3]
    made.features = (centres + 0.1 * np.random.default_rng(0).normal(size=(count, 3))).astype(np.float32)
    return made


def labels(source: Pool, schema: Schema, count: int = 30) -> Labels:
    kinds = np.arange(count) % 3
    targets: Any = kinds
    if isinstance(schema, MultiLabel):
        targets = np.eye(3)[kinds]
    elif isinstance(schema, Number):
        targets = kinds.astype(np.float64)
    return Labels(source.items(np.arange(count)), targets)


@pytest.mark.parametrize("schema", [SINGLE, MULTI, Number()], ids=["single", "multi", "number"])
def test_the_linear_head_learns_each_kind_of_label(schema: Schema) -> None:
    source = pool()
    learner = linear_learner(source, schema)
    learner.fit(labels(source, schema), seed=0)
    rows = np.arange(30, 60)
    said = predicted(learner, source, rows)
    if isinstance(schema, Number):
        np.testing.assert_allclose(said, rows % 3, atol=0.4)
    else:
        assert (said.argmax(axis=1) == rows % 3).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_scale_of_the_features_plays_no_part(scale: float) -> None:
    source = pool()
    plain = linear_learner(source, SINGLE)
    plain.fit(labels(source, SINGLE), seed=0)
    wanted = predicted(plain, source, np.arange(60))
    assert isinstance(source.features, np.ndarray)
    source.features = source.features * np.float32(scale)
    other = linear_learner(source, SINGLE)
    other.fit(labels(source, SINGLE), seed=0)
    np.testing.assert_allclose(predicted(other, source, np.arange(60)), wanted, atol=0.05)


def test_several_classes_are_told_under_their_own_name() -> None:
    source = pool()
    learner = linear_learner(source, MULTI)
    learner.fit(labels(source, MULTI), seed=0)
    items = source.items(np.arange(5))
    view = learner.signals(items, frozenset({MULTILABEL, PROBS}))
    np.testing.assert_array_equal(view[MULTILABEL], view[PROBS])
    assert view[PROBS].shape == (5, 3)


@pytest.mark.filterwarnings("ignore:Label:UserWarning")
def test_a_class_that_no_label_has_is_no_fault() -> None:
    source = pool()
    learner = linear_learner(source, MULTI)
    learner.fit(Labels(source.items(np.arange(4)), np.array([[1, 0, 0], [0, 1, 0]] * 2, dtype=float)), seed=0)
    assert (predicted(learner, source, np.arange(9))[:, 2] < 0.5).all()


@pytest.mark.parametrize(
    ("text", "schema", "kind"),
    [
        ("random", SINGLE, "SklearnLearner"),
        ("auto", SINGLE, "SklearnLearner"),
        ("badge", SINGLE, "SklearnLearner"),
        ("binary_minimum", MULTI, "_Several"),
        ("auto", Number(), "SklearnLearner"),
        ("bald", SINGLE, "TorchLearner"),
    ],
)
def test_the_lightest_learner_that_is_enough(text: str, schema: Schema, kind: str) -> None:
    assert type(learner_for(as_strategy(text), pool(), schema)).__name__ == kind


def test_a_strategy_of_members_gets_them() -> None:
    source = pool()
    learner = learner_for(as_strategy("bald"), source, SINGLE)
    learner.fit(labels(source, SINGLE), seed=0)
    members = learner.signals(source.items(np.arange(4)), frozenset({MEMBERS}))[MEMBERS]
    assert members.shape[0] == 4
    assert members.shape[2] == 3


def test_what_no_head_gives_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        learner_for(as_strategy("page_rank"), pool(), SINGLE)
    assert caught.value.code == "NeedsCapability"


def test_labels_at_places() -> None:
    source = pool()
    whole = labels(source, SINGLE, 6)
    for which in (slice(1, 3), np.array([1, 2]), np.array([False, True, True, False, False, False])):
        some = some_labels(whole, which)
        assert isinstance(some.items, Items)
        assert list(some.items) == ["i1", "i2"]
        assert some.targets.tolist() == [1, 2]
    plain = some_labels(Labels(["x", "y"], np.array([0, 1]), np.array([1.0, 2.0])), [1])
    assert (list(plain.items), plain.weights) == (["y"], np.array([2.0]))
