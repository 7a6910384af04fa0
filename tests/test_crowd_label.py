"""R9 in short: a small crowd at a running server; and the judge of crowd_label.py tells right from wrong."""

from __future__ import annotations

import pytest

from crowd_label import campaign, crossed
from querist.core.types import Event


def test_no_item_is_out_twice_or_answered_twice_in_a_crowd() -> None:
    outcome = campaign(5, clients=8, items=300, rows=100, pause=0.5, speed=10.0, more=("--no-trainer",))
    assert outcome.wrong == []
    assert len(outcome.acked) > 100
    assert outcome.expired > 0, "a lease ran out"
    for what in ("imports", "sent again", "undone", "given back", "taken to change", "answered after the lease"):
        assert outcome.done[what] > 0, what


def _history(words: str) -> list[Event]:
    """Events from lines such as ``asked q2 a replaces q1``."""
    out = []
    for seq, line in enumerate(words.split("; "), start=1):
        kind, query, item, *more = line.split()
        payload: dict[str, object] = {"query": query, "items": [item], "seq": 1, "turn": seq}
        if kind == "told":
            payload["answers"] = [{"item": item}]
        out.append(Event(kind, {**payload, "replaces": more[1] if more else None}, seq=seq))
    return out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("asked q1 a; told q1 a; asked q2 b; told q2 b", ""),
        ("asked q1 a; returned q1 a; asked q2 a; told q2 a", ""),
        ("asked q1 a; told q1 a; undone q1 a; asked q2 a; told q2 a", ""),
        ("asked q1 a; told q1 a; asked q2 a replaces q1; told q2 a", ""),
        ("asked q1 a; told q1 a; asked q2 a replaces q1; returned q2 a; asked q3 a replaces q1; told q3 a", ""),
        ("asked q1 a; told q1 a; asked q2 a replaces q1; told q2 a; undone q2 a; asked q3 a replaces q1", ""),
        ("asked q1 a; asked q2 a", "event 2: a has"),
        ("asked q1 a; told q1 a; asked q2 a", "event 3: a has"),
        ("asked q1 a; told q1 a; told q1 a", "event 3: hand-out q1 of a is told and was answered"),
        ("asked q1 a; returned q1 a; told q1 a", "event 3: hand-out q1 of a is told and was returned"),
        ("asked q1 a; told q1 b", "event 2: hand-out q1 of b is told"),
        ("told q1 a", "event 1: hand-out q1 of a is told and was None"),
        ("asked q1 a; undone q1 a", "event 2: hand-out q1 of a is undone and was open"),
        ("asked q1 a; told q1 a; undone q1 a; asked q2 a replaces q1", "event 4: q1 should become replaced"),
        ("asked q1 a; told q1 a; asked q2 a replaces q1; returned q2 a; asked q3 a", "event 5: a has"),
    ],
)
def test_the_judge(words: str, says: str) -> None:
    found = crossed(_history(words))
    assert [line for line in found[:1] if line.startswith(says)] == found[: 1 if says else 0]
    assert bool(found) == bool(says)
