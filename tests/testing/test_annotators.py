"""The suite for annotators: everything registered passes, and each check catches its fault."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from querist.annotation import NoisyAnnotator, SimulatedAnnotator
from querist.core.errors import StateError
from querist.core.ports import Annotator
from querist.core.registry import registry
from querist.core.types import Answer, Provenance, Query
from querist.testing.annotators import ANNOTATOR_CHECKS, check_annotator

ITEMS = tuple(f"i{i}" for i in range(12))
QUERY = Query("q0", 0, ITEMS, "random", (0.5,) * 12, ("why",) * 12)
TRUTH = {item: "cat" if i % 2 else "dog" for i, item in enumerate(ITEMS)}
SOFT = {item: {"cat": 0.25, "dog": 0.75} for item in ITEMS}

FIXTURES: dict[str, list[Callable[[], Annotator]]] = {
    "simulated": [
        lambda: SimulatedAnnotator(TRUTH),
        lambda: SimulatedAnnotator(SOFT, name="soft", cost=dict.fromkeys(ITEMS, 2.0)),
        lambda: SimulatedAnnotator(lambda item: None if item == "i3" else 1.5),
    ],
    "noisy": [
        lambda: NoisyAnnotator(TRUTH, ["cat", "dog"]),
        lambda: NoisyAnnotator(TRUTH, ["cat", "dog"], rate=0.5, skip=0.3, reject=0.3, seed=5),
        lambda: NoisyAnnotator(TRUTH, ["cat", "dog"], confusion={"cat": {"dog": 1.0}}, cost=0.0),
    ],
}


def test_every_registered_annotator_has_a_fixture() -> None:
    assert {e.name for e in registry.entries("annotator")} == set(FIXTURES)


@pytest.mark.parametrize(
    "make", [pytest.param(m, id=f"{n}-{i}") for n, ms in FIXTURES.items() for i, m in enumerate(ms)]
)
def test_passes(make: Callable[[], Annotator]) -> None:
    assert len(check_annotator(make(), QUERY)) == len(ANNOTATOR_CHECKS)


class Faulty:
    """Answers rightly, but for what ``change`` does to the answers."""

    def __init__(self, change: Callable[[list[Answer], Query], Iterable[Any]], name: str = "faulty") -> None:
        self.name = name
        self.change = change

    def annotate(self, query: Query) -> Iterable[Answer]:
        good = [Answer.label(i, "cat", annotator="faulty", provenance=Provenance.PROGRAM) for i in query.items]
        return list(self.change(good, query))


counter = iter(range(10**9))
OFF: list[tuple[str, Annotator]] = [
    ("has_a_name", Faulty(lambda a, q: a, name="")),
    ("answers_are_records", Faulty(lambda a, q: ["cat"] * len(a))),
    ("answers_the_query", Faulty(lambda a, q: [*a, replace(a[0], item="other")] if a else a)),
    ("answers_the_query", Faulty(lambda a, q: a + a)),
    ("says_who", Faulty(lambda a, q: [replace(x, annotator="anonymous") for x in a])),
    ("says_who", Faulty(lambda a, q: [replace(x, provenance=Provenance.HUMAN) for x in a])),
    ("has_a_price", Faulty(lambda a, q: [replace(x, cost=-1.0) for x in a])),
    ("has_a_price", Faulty(lambda a, q: [replace(x, cost=float("nan")) for x in a])),
    ("value_fits_kind", Faulty(lambda a, q: [replace(x, value=None) for x in a])),
    (
        "value_fits_kind",
        Faulty(
            lambda a, q: [
                Answer.distribution(x.item, {"cat": 0.5}, annotator="f", provenance=Provenance.PROGRAM) for x in a
            ]
        ),
    ),
    ("travels_as_json", Faulty(lambda a, q: [replace(x, value=("cat",)) for x in a])),
    ("travels_as_json", Faulty(lambda a, q: [replace(x, rationale=object()) for x in a])),
    (
        "takes_an_empty_query",
        Faulty(lambda a, q: a or [Answer.label("x", "cat", annotator="f", provenance=Provenance.PROGRAM)]),
    ),
    ("says_it_again", Faulty(lambda a, q: [replace(x, value=str(next(counter))) for x in a])),
    ("heeds_no_order", Faulty(lambda a, q: [replace(x, value=str(n)) for n, x in enumerate(a)])),
    ("heeds_no_company", Faulty(lambda a, q: [replace(x, value=str(len(a))) for x in a])),
    (
        "answers_are_records",
        Faulty(lambda a, q: [replace(x, cost=random.random()) for x in a]),
    ),  # moves a global generator
]


@pytest.mark.parametrize("check, annotator", [pytest.param(c, a, id=f"{c}-{n}") for n, (c, a) in enumerate(OFF)])
def test_each_check_catches_its_fault(check: str, annotator: Annotator) -> None:
    with pytest.raises(StateError) as caught:
        check_annotator(annotator, QUERY)
    assert caught.value.code == "Contract"
    assert str(caught.value).startswith(f"{check}:")


def test_one_that_asks_outside_may_change_its_mind() -> None:
    moody = Faulty(lambda a, q: [replace(x, value=str(next(counter))) for x in a])
    assert "says_it_again" not in check_annotator(moody, QUERY, stable=False)


def test_wants_two_items() -> None:
    with pytest.raises(StateError, match="at least two items"):
        check_annotator(SimulatedAnnotator(TRUTH), Query("q", 0, ("i0",), "random"))
