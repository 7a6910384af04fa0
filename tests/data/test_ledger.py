"""The ledger: a fold over the journal; admission of partial, late, repeated and conflicting answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, StateError, UnknownNameError
from querist.core.types import Answer, Event
from querist.data.ledger import Conflict, ItemState, Ledger
from querist.data.read import read
from querist.data.schema import SingleLabel

IDS = [f"i{k}" for k in range(6)]
SCHEMA = SingleLabel(("cat", "dog"))


def ledger(policy: Conflict = "refuse") -> Ledger:
    return Ledger(read(np.arange(12.0).reshape(6, 2), ids=IDS), np.array([5]), on_conflict=policy)


def asked(*items: str) -> Event:
    return Event("asked", {"items": list(items), "query": "q0", "turn": 0})


def told(*answers: Answer) -> Event:
    return Event("told", {"query": "q0", "answers": [a.to_json() for a in answers]})


def test_states_follow_the_events() -> None:
    book = ledger()
    assert book.rows(ItemState.UNLABELLED).tolist() == [0, 1, 2, 3, 4]
    book.apply(asked("i0", "i1", "i2", "i3"))
    assert book.rows(ItemState.PENDING).tolist() == [0, 1, 2, 3]
    book.apply(told(Answer.label("i2", "dog"), Answer.label("i0", "cat"), Answer.skip("i1"), Answer.reject("i3")))
    assert book.rows(ItemState.LABELLED).tolist() == [2, 0], "in order of the first label"
    assert book.count(ItemState.SKIPPED) == book.count(ItemState.REJECTED) == book.count(ItemState.HELD) == 1
    assert book.cost == 4.0
    labels = book.labels(SCHEMA)
    assert list(labels.items) == ["i2", "i0"]
    assert labels.targets.tolist() == [1, 0]
    assert [a.value for a in book.answers("i2")] == ["dog"]


def test_admission_changes_nothing() -> None:
    book = ledger()
    before = book.states.copy()
    assert len(book.admit([Answer.label("i0", "cat"), Answer.label("i4", "dog")], SCHEMA)) == 2
    assert (book.states == before).all()


def test_bad_answers_are_refused_whole() -> None:
    book = ledger()
    good = Answer.label("i0", "cat")
    with pytest.raises(UnknownNameError, match=r"dgo.*dog") as unknown:
        book.admit([good, Answer.label("i1", "dgo")], SCHEMA)
    assert unknown.value.code == "UnknownLabel"
    assert "i1" in str(unknown.value)
    with pytest.raises(UnknownNameError, match="i77") as item:
        book.admit([good, Answer.label("i77", "dog")], SCHEMA)
    assert item.value.code == "UnknownItem"
    with pytest.raises(StateError, match="held out") as held:
        book.admit([good, Answer.label("i5", "dog")], SCHEMA)
    assert held.value.code == "HeldOut"
    assert book.count(ItemState.LABELLED) == 0


def test_repeats_count_once() -> None:
    book = ledger()
    answer = Answer.label("i0", "cat", annotator="ann")
    assert book.admit([answer, answer], SCHEMA) == [answer]
    book.apply(told(answer))
    assert book.admit([answer], SCHEMA) == []
    second = Answer.label("i0", "cat", annotator="bob")
    assert book.admit([second], SCHEMA) == [second], "the same label by someone else is news"
    skip = Answer.skip("i1")
    book.apply(told(skip))
    assert book.admit([skip], SCHEMA) == []


@pytest.mark.parametrize(("policy", "label"), [("latest", "dog"), ("first", "cat")])
def test_conflicts_by_policy(policy: Conflict, label: str) -> None:
    book = ledger(policy)
    book.apply(told(Answer.label("i0", "cat")))
    fresh = book.admit([Answer.label("i0", "dog")], SCHEMA)
    book.apply(told(*fresh))
    assert SCHEMA.classes[book.labels(SCHEMA).targets[0]] == label


def test_conflict_is_refused_with_old_new_and_policy() -> None:
    book = ledger()
    book.apply(told(Answer.label("i0", "cat")))
    with pytest.raises(StateError, match=r"i0.*cat.*dog.*refuse") as error:
        book.admit([Answer.label("i0", "dog")], SCHEMA)
    assert error.value.code == "Conflict"
    with pytest.raises(StateError, match="cat"):
        book.admit([Answer.label("i1", "cat"), Answer.label("i1", "dog")], SCHEMA)


def test_a_skip_takes_no_label_back_and_a_label_ends_a_skip() -> None:
    book = ledger()
    book.apply(told(Answer.label("i0", "cat"), Answer.skip("i1")))
    assert book.admit([Answer.skip("i0")], SCHEMA) == []
    book.apply(told(*book.admit([Answer.label("i1", "dog")], SCHEMA)))
    assert book.count(ItemState.LABELLED) == 2


def test_soft_labels_turn_all_targets_soft() -> None:
    book = ledger()
    book.apply(told(Answer.label("i0", "dog"), Answer.distribution("i1", {"cat": 0.25, "dog": 0.75})))
    assert book.labels(SCHEMA).targets.tolist() == [[0.0, 1.0], [0.25, 0.75]]


def test_a_pending_item_asked_again_stays_pending_and_a_labelled_one_labelled() -> None:
    book = ledger()
    book.apply(asked("i0"))
    book.apply(told(Answer.label("i1", "cat")))
    book.apply(asked("i0", "i1"))
    assert book.states[:2].tolist() == [ItemState.PENDING, ItemState.LABELLED]


@given(
    st.lists(
        st.tuples(st.sampled_from(["asked", "cat", "dog", "skip", "reject"]), st.sampled_from(IDS[:5])), max_size=30
    )
)
@settings(max_examples=60, deadline=None)
def test_replaying_the_admitted_events_gives_the_same_ledger(steps: list[tuple[str, str]]) -> None:
    live, events = ledger("latest"), []
    for what, item in steps:
        if what == "asked":
            event = asked(item)
        else:
            kinds = {"skip": Answer.skip(item), "reject": Answer.reject(item)}
            fresh = live.admit([kinds.get(what) or Answer.label(item, what)], SCHEMA)
            event = told(*fresh)
        live.apply(event)
        events.append(event)
    again = ledger("latest")
    for event in events:
        again.apply(event)
    assert again.states.tolist() == live.states.tolist()
    assert again.cost == live.cost
    assert list(again.labels(SCHEMA).items) == list(live.labels(SCHEMA).items)
    counts = sum(live.count(s) for s in ItemState)
    assert counts == len(IDS), "every item is in exactly one state"


def test_doubted_answers_weigh_less() -> None:
    book = ledger()
    book.apply(Event("told", {"query": None, "answers": [Answer.label("i0", "cat").to_json()]}))
    assert book.labels(SCHEMA).weights is None
    doubted = Answer.label("i1", "dog", weight=0.5).to_json()
    assert doubted["weight"] == 0.5
    book.apply(Event("told", {"query": None, "answers": [doubted]}))
    weights = book.labels(SCHEMA).weights
    assert weights is not None
    assert weights.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("weight", [0, -1.0, float("nan"), float("inf"), True, "1"])
def test_a_weight_is_a_number_above_zero(weight: float) -> None:
    with pytest.raises(ArgumentError) as caught:
        Answer.label("i0", "cat", weight=weight)
    assert caught.value.code == "BadWeight"
