"""What every annotator must do: `check_annotator` runs all of it on one query."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from querist.core.ports import Annotator
from querist.core.types import Answer, AnswerKind, Provenance, Query
from querist.testing.verdict import require, running

__all__ = ["ANNOTATOR_CHECKS", "check_annotator"]


def check_annotator(annotator: Annotator, query: Query, *, stable: bool = True) -> tuple[str, ...]:
    """Hold an annotator to its contract.

    Args:
        annotator: who is checked.
        query: a query that it can answer, of at least two items.
        stable: whether it says the same about an item each time; False leaves those checks out (for annotators that ask
            somebody outside).

    Returns:
        Names of the checks that were run.

    Raises:
        StateError: a check failed; its name begins the message (code ``Contract``).
    """
    require(len(query) >= 2, "check_annotator", "give a query of at least two items")
    run: list[str] = []
    for check, for_stable in ANNOTATOR_CHECKS:
        if for_stable and not stable:
            continue
        with running(check.__name__):
            check(annotator, query)
        run.append(check.__name__)
    return tuple(run)


def _answers(annotator: Annotator, query: Query) -> list[Answer]:
    return list(annotator.annotate(query))


def has_a_name(annotator: Annotator, query: Query) -> None:
    """It has a name, a text that is not empty."""
    require(isinstance(annotator, Annotator), "has_a_name", f"{type(annotator).__name__} lacks name or annotate")
    name = annotator.name
    require(isinstance(name, str) and name, "has_a_name", f"its name is {name!r}")


def answers_are_records(annotator: Annotator, query: Query) -> None:
    """It gives `Answer` records."""
    for answer in _answers(annotator, query):
        require(isinstance(answer, Answer), "answers_are_records", f"it gave {type(answer).__name__}")


def answers_the_query(annotator: Annotator, query: Query) -> None:
    """Every answer is about an item of the query, and nobody answers an item twice."""
    asked = set(query.items)
    seen: set[tuple[str, str]] = set()
    for answer in _answers(annotator, query):
        require(answer.item in asked, "answers_the_query", f"it answered {answer.item!r}, which was not asked")
        key = (answer.item, answer.annotator)
        require(key not in seen, "answers_the_query", f"{answer.annotator!r} answered {answer.item!r} twice")
        seen.add(key)


def says_who(annotator: Annotator, query: Query) -> None:
    """Every answer names who gave it, and a program does not pass for a person."""
    for answer in _answers(annotator, query):
        who = answer.annotator
        require(isinstance(who, str) and who and who != "anonymous", "says_who", f"an answer comes from {who!r}")
        good = isinstance(answer.provenance, Provenance) and answer.provenance is not Provenance.HUMAN
        require(good, "says_who", f"the provenance is {answer.provenance!r}, and no person answered")


def has_a_price(annotator: Annotator, query: Query) -> None:
    """Every answer has a cost, finite and not negative."""
    for answer in _answers(annotator, query):
        cost = answer.cost
        good = isinstance(cost, (int, float)) and math.isfinite(cost) and cost >= 0
        require(good, "has_a_price", f"the cost about {answer.item!r} is {cost!r}")


def value_fits_kind(annotator: Annotator, query: Query) -> None:
    """A label has a value, a soft label sums to 1, a skip or a reject has none."""
    check = "value_fits_kind"
    for answer in _answers(annotator, query):
        kind, value = answer.kind, answer.value
        require(isinstance(kind, AnswerKind), check, f"the kind is {kind!r}")
        if kind in (AnswerKind.SKIP, AnswerKind.REJECT):
            require(value is None, check, f"a {kind} of {answer.item!r} has the value {value!r}")
        elif kind is AnswerKind.DISTRIBUTION:
            good = isinstance(value, Mapping) and abs(sum(value.values()) - 1) < 1e-3 and min(value.values()) >= 0
            require(good, check, f"the shares of {answer.item!r} are {value!r}")
        elif kind is AnswerKind.VERIFICATION:
            require(isinstance(value, bool), check, f"a verification of {answer.item!r} says {value!r}")
        else:
            require(value is not None, check, f"the label of {answer.item!r} is missing")


def travels_as_json(annotator: Annotator, query: Query) -> None:
    """Every answer comes back from JSON text as it was."""
    import json

    for answer in _answers(annotator, query):
        try:
            back = Answer.from_json(json.loads(json.dumps(answer.to_json(), allow_nan=False)))
        except (TypeError, ValueError) as error:
            require(False, "travels_as_json", f"the answer about {answer.item!r} is no JSON ({error})")
        else:
            require(back == answer, "travels_as_json", f"{answer!r} came back as {back!r}")


def takes_an_empty_query(annotator: Annotator, query: Query) -> None:
    """Nothing asked, nothing answered."""
    empty = replace(query, items=(), scores=(), reasons=(), inclusion=None)
    require(_answers(annotator, empty) == [], "takes_an_empty_query", "it answered a query without items")


def leaves_the_query(annotator: Annotator, query: Query) -> None:
    """The query is as it was."""
    before = repr(query)
    _answers(annotator, query)
    require(repr(query) == before, "leaves_the_query", "it changed the query")


def says_it_again(annotator: Annotator, query: Query) -> None:
    """Asked twice, it answers alike."""
    same = _answers(annotator, query) == _answers(annotator, query)
    require(same, "says_it_again", "the same query got other answers the second time")


def heeds_no_order(annotator: Annotator, query: Query) -> None:
    """The order of the items changes no answer."""
    first = {a.item: a for a in _answers(annotator, query)}
    turned = {a.item: a for a in _answers(annotator, replace(query, items=query.items[::-1]))}
    require(first == turned, "heeds_no_order", "in another order an item got another answer")


def heeds_no_company(annotator: Annotator, query: Query) -> None:
    """An item asked alone, in another query, gets the same answer."""
    whole = {a.item: a for a in _answers(annotator, query)}
    for item in query.items:
        alone = Query("alone", query.turn + 7, (item,), "random", (0.0,), ("",))
        found = {a.item: a for a in _answers(annotator, alone)}
        wanted = {item: whole[item]} if item in whole else {}
        require(found == wanted, "heeds_no_company", f"{item!r} asked alone got another answer")


ANNOTATOR_CHECKS = (
    (has_a_name, False),
    (answers_are_records, False),
    (answers_the_query, False),
    (says_who, False),
    (has_a_price, False),
    (value_fits_kind, False),
    (travels_as_json, False),
    (takes_an_empty_query, False),
    (leaves_the_query, False),
    (says_it_again, True),
    (heeds_no_order, True),
    (heeds_no_company, True),
)
"""Every check, and whether it is for stable annotators only."""
