"""What does not fit is refused by name, with the way to provide it."""

from __future__ import annotations

from typing import Any

import pytest

from querist.core.errors import ArgumentError
from querist.core.signals import (
    COST,
    DISCRIMINATOR,
    EMBEDDING,
    LABELS,
    LOSS,
    MEMBERS,
    MULTILABEL,
    NOISE,
    PREDICTION,
    PROBS,
    TARGETS,
    Needs,
    Signal,
)
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.data.spans import Spans
from querist.session.needs import check_needs, works_untrained


class Learner:
    provides: frozenset[Signal] = frozenset({PROBS, EMBEDDING})
    untrained: frozenset[Signal] = frozenset({EMBEDDING})


class Strategy:
    def __init__(self, **needs: Any) -> None:
        self.needs = Needs(**needs)

    def __str__(self) -> str:
        return "mine"


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        ({"pool": frozenset({MEMBERS})}, r"mine needs the signal members.*TorchLearner\(members=20\)"),
        ({"pool": frozenset({COST})}, "pass cost= to the session"),
        ({"reference": frozenset({PROBS})}, "reference="),
        ({"capabilities": frozenset({"refit"})}, "capability 'refit'"),
        ({"plugin": "vaal"}, "plug-in 'vaal'; Learner carries none"),
        (
            {"plugin": "vaal", "pool": frozenset({DISCRIMINATOR, PROBS})},
            "mine needs the training plug-in 'vaal' .missing without it: discriminator.; Learner carries none",
        ),
    ],
)
def test_refusals(needs: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as error:
        check_needs(Strategy(**needs), Learner(), frozenset(), reference=False)  # type: ignore[arg-type]
    assert error.value.code == "NeedsCapability"


def test_what_fits_passes() -> None:
    needs = {"pool": frozenset({PROBS, COST}), "labelled": frozenset({EMBEDDING}), "reference": frozenset({PROBS})}
    check_needs(Strategy(**needs), Learner(), frozenset({COST}), reference=True)  # type: ignore[arg-type]


def test_a_learner_that_publishes_the_signal_itself_needs_no_plug_in() -> None:
    needs = {"plugin": "vaal", "pool": frozenset({PROBS})}
    check_needs(Strategy(**needs), Learner(), frozenset(), reference=False)  # type: ignore[arg-type]


def test_the_strategies_of_plug_ins_are_refused_by_name() -> None:
    from querist.strategies.algebra import as_strategy

    for text in ("learning_loss", "vaal", "waal", "rank(margin) + rank(vaal)"):
        plugin = text.rpartition("(")[2].rstrip(")")
        with pytest.raises(ArgumentError, match=f"plug-in '{plugin}'"):
            check_needs(as_strategy(text), Learner(), frozenset(), reference=False)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="capability 'adversarial_margin' of the learner, and Learner has none"):
        check_needs(as_strategy("adversarial_margin"), Learner(), frozenset(), reference=False)  # type: ignore[arg-type]


class Carrier(Learner):
    provides = frozenset({PROBS, LOSS})
    plugins = frozenset({"learning_loss"})
    capabilities = frozenset({"adversarial_margin"})


def test_and_served_where_the_learner_carries_them() -> None:
    from querist.strategies.algebra import as_strategy

    for text in ("learning_loss", "adversarial_margin", "learning_loss * margin"):
        check_needs(as_strategy(text), Carrier(), frozenset(), reference=False)  # type: ignore[arg-type]
        assert not works_untrained(as_strategy(text), Carrier())  # type: ignore[arg-type]


def test_answers_are_known_of_labelled_items_and_not_of_the_reference_set() -> None:
    known = Strategy(labelled=frozenset({LABELS, TARGETS}))
    check_needs(known, Learner(), frozenset(), reference=False)  # type: ignore[arg-type]
    asked = Strategy(reference=frozenset({PROBS, LABELS}))
    with pytest.raises(ArgumentError, match=r"labels of the reference set.*querist\.select") as error:
        check_needs(asked, Learner(), frozenset(), reference=True)  # type: ignore[arg-type]
    assert error.value.code == "NeedsCapability"


def test_untrained() -> None:
    assert works_untrained(Strategy(pool=frozenset({EMBEDDING})), Learner())  # type: ignore[arg-type]
    assert works_untrained(Strategy(), Learner())  # type: ignore[arg-type]
    assert not works_untrained(Strategy(pool=frozenset({PROBS})), Learner())  # type: ignore[arg-type]
    assert not works_untrained(Strategy(capabilities=frozenset({"x"})), Learner())  # type: ignore[arg-type]
    needs_labels = Strategy(pool=frozenset({EMBEDDING}), labelled=frozenset({EMBEDDING}))
    assert not works_untrained(needs_labels, Learner())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_loss", r"plugins=\[LearningLoss\(\)\]"),
        ("vaal", r"plugins=\[Vaal\(\)\]"),
        ("waal", r"plugins=\[Waal\(\)\]"),
        ("tod", r"providers=\[RoundHistory\(\)\]"),
        ("noise_stability", r"providers=\[WeightNoise\(\)\]"),
        ("consistency", r"providers=\[Augmented\(\)\]"),
    ],
)
def test_the_way_names_the_class_to_pass(text: str, words: str) -> None:
    from querist.strategies.algebra import as_strategy

    with pytest.raises(ArgumentError, match=words):
        check_needs(as_strategy(text), Learner(), frozenset(), reference=False)  # type: ignore[arg-type]


def test_the_classes_that_are_named_are_there() -> None:
    import re
    from importlib import import_module

    from querist.session.needs import _WAYS

    found = [re.findall(r"\[(\w+)\(\)\].*?\((querist[\w.]+)\)", way) for way in _WAYS.values()]
    named = [pair for pairs in found for pair in pairs]
    assert len(named) == 8
    assert all(hasattr(import_module(module), name) for name, module in named)


TWO = ("a", "b")


@pytest.mark.parametrize(
    ("text", "schema", "words"),
    [
        ("bald", Number(), "bald does not work where an answer is a number; use one for numbers"),
        ("rank(bald) + rank(random)", MultiLabel(TWO), "does not work where an answer is several labels"),
        ("pred_variance", SingleLabel(TWO), "where an answer is one class; use one for classes"),
        ("margin", MultiLabel(TWO), r"several labels and this one reads probs .*; use one for several labels .mmc"),
        ("mahalanobis", Number(), r"a number and this one reads labels \(class numbers"),
        ("mahalanobis", Spans(TWO), "an answer is spans and this one reads labels"),
        ("active_search(0)", Number(), "where an answer is a number"),
    ],
)
def test_a_kind_of_answer_that_does_not_fit_is_refused(text: str, schema: Schema, words: str) -> None:
    from querist.strategies.algebra import as_strategy

    learner: Any = Learner()
    learner.provides = frozenset({PROBS, EMBEDDING, MEMBERS, MULTILABEL, NOISE, PREDICTION})
    with pytest.raises(ArgumentError, match=words) as error:
        check_needs(as_strategy(text), learner, frozenset(), reference=False, schema=schema)
    assert error.value.code == "NeedsCapability"
    assert text.split("(")[0] in str(error.value)
    check_needs(as_strategy(text), learner, frozenset(), reference=False)  # nothing is said of the answers
    fitting = {"pred_variance": Number()}.get(text, SingleLabel(TWO))
    check_needs(as_strategy(text), learner, frozenset(), reference=False, schema=fitting)
