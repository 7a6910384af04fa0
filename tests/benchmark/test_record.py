"""Rounds of results.json from a journal."""

from __future__ import annotations

from querist.assembly.build import prepare
from querist.assembly.spec import parse_spec
from querist.benchmark.record import rounds_of
from querist.core.types import Answer

SPEC = '[data]\nsource = "sklearn:wine"\ntest = 50\n[model]\nscale = true\n'


def test_each_round_has_what_happened_since_the_fit_before() -> None:
    made = prepare(parse_spec(SPEC), seed=0)
    session = made.session
    first = session.ask(3)
    session.tell(first, list(made.annotator.annotate(first)))
    session.fit()
    second, third = session.ask(2), session.ask(1)
    session.tell(second, [Answer.skip(second.items[0]), *list(made.annotator.annotate(second))[1:]])
    session.tell(third, list(made.annotator.annotate(third)))
    session.fit()
    one, two = rounds_of(session)
    assert one["queried"] == list(first.items)
    assert two["queried"] == [*second.items, *third.items]
    assert (one["labels"], two["labels"]) == (3, 5)
    assert two["cost"] == 6.0
    assert sum(two["classes"].values()) == 2, "a skip has no class"
    assert two["seconds"]["signals"] > 0
    assert one["metrics"].keys() == {"accuracy"}
