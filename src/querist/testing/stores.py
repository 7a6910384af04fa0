"""What every store must do: `check_store` runs all of it on fresh stores.

A plug-in author calls ``check_store(lambda: MyStore(...))``; the first broken promise is raised with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from querist.core.errors import QueristError, StateError
from querist.core.ports import Store
from querist.core.types import Answer, Event
from querist.testing.verdict import fail, require, running

__all__ = ["STORE_CHECKS", "check_store"]

Factory = Callable[[], Store]


def check_store(factory: Factory, *, reopen: Callable[[Store], Store] | None = None) -> tuple[str, ...]:
    """Hold a store to its contract.

    Args:
        factory: makes a fresh, empty store each time it is called.
        reopen: closes a store and opens what it kept, for stores that outlive the process; None skips those checks.

    Returns:
        Names of the checks that were run.

    Raises:
        StateError: a check failed; its name begins the message (code ``Contract``).
    """
    run: list[str] = []
    for check in STORE_CHECKS:
        store = factory()
        try:
            with running(check.__name__):
                check(store)
        finally:
            store.close()
        run.append(check.__name__)
    if reopen is not None:
        store = factory()
        try:
            with running("survives_reopening"):
                store = survives_reopening(store, reopen)
        finally:
            store.close()
        run.append("survives_reopening")
    return tuple(run)


def _notes(first: int, last: int) -> list[Event]:
    return [Event("note", {"number": n}) for n in range(first, last + 1)]


def _numbers(events: Iterator[Event]) -> list[int]:
    return [e.payload["number"] for e in events]


def _refused(check: str, code: str | None, act: Callable[[], Any], what: str) -> None:
    try:
        act()
    except QueristError as error:
        require(code is None or error.code == code, check, f"{what} gave the code {error.code!r}, not {code!r}")
        return
    fail(check, f"{what} was not refused")


def is_a_store(store: Store) -> None:
    """It has the methods of the port."""
    require(isinstance(store, Store), "is_a_store", f"{type(store).__name__} lacks append, read or close")


def begins_empty(store: Store) -> None:
    """A stream that nobody wrote to has no events and ends at 0."""
    require(list(store.read("main")) == [], "begins_empty", "a fresh store holds events")
    require(store.append("main", []) == 0, "begins_empty", "an empty append to a fresh stream does not give 0")
    require(list(store.read("main")) == [], "begins_empty", "an empty append wrote something")


def numbers_from_one(store: Store) -> None:
    """Events are numbered 1, 2, 3 ... and append gives the last number."""
    check = "numbers_from_one"
    require(store.append("main", _notes(1, 1)) == 1, check, "the first append of one event does not give 1")
    require(store.append("main", _notes(2, 4)) == 4, check, "an append of three more does not give 4")
    require(store.append("main", []) == 4, check, "an empty append does not give the last number")
    found = [e.seq for e in store.read("main")]
    require(found == [1, 2, 3, 4], check, f"read gives the numbers {found}")


def keeps_order(store: Store) -> None:
    """Events come back in the order of writing, within an append and over appends."""
    store.append("main", _notes(1, 3))
    store.append("main", _notes(4, 4))
    store.append("main", _notes(5, 9))
    found = _numbers(store.read("main"))
    require(found == list(range(1, 10)), "keeps_order", f"the order is {found}")


def keeps_payloads(store: Store) -> None:
    """What JSON can hold comes back equal and of the same type."""
    payload: dict[str, Any] = {
        "text": 'ä ⟂ "quoted" \\ \n\t\u2028 🙂',
        "empty": ["", [], {}, None],
        "numbers": [0, -1, 2**53 + 1, 2**70, 0.1, 1e-300, -0.5],
        "truth": [True, False],
        "nested": {"a": [{"b": [1, [2, [3]]]}]},
        "": "an empty key",
    }
    store.append("main", [Event("note", payload)])
    (event,) = store.read("main")
    require(event.kind == "note", "keeps_payloads", f"the kind is {event.kind!r}")
    require(event.payload == payload, "keeps_payloads", f"the payload came back as {event.payload!r}")
    kinds = [type(n) for n in event.payload["numbers"]]
    require(kinds == [type(n) for n in payload["numbers"]], "keeps_payloads", f"numbers changed type: {kinds}")


def stamps_time(store: Store) -> None:
    """A time is given to events without one, and a given one is kept."""
    store.append("main", [Event("note", {"number": 1}), Event("note", {"number": 2}, at=12.5)])
    first, second = store.read("main")
    require(first.at > 0, "stamps_time", "an event got no time")
    require(second.at == 12.5, "stamps_time", f"a given time became {second.at}")


def reads_after(store: Store) -> None:
    """``after`` leaves out what is not above it."""
    check = "reads_after"
    store.append("main", _notes(1, 5))
    for after, wanted in ((0, [1, 2, 3, 4, 5]), (2, [3, 4, 5]), (4, [5]), (5, []), (99, [])):
        found = _numbers(store.read("main", after))
        require(found == wanted, check, f"after={after} gives {found}, not {wanted}")
    found = [e.seq for e in store.read("main", 3)]
    require(found == [4, 5], check, f"numbers after 3 are {found}")


def streams_are_apart(store: Store) -> None:
    """Streams number and keep their events by themselves."""
    check = "streams_are_apart"
    store.append("a", _notes(1, 2))
    store.append("A", _notes(10, 10))
    store.append("ä b/c", _notes(20, 22))
    require(store.append("a", _notes(3, 3), expected=2) == 3, check, "a stream counts the events of others")
    found = {name: _numbers(store.read(name)) for name in ("a", "A", "ä b/c", "b")}
    require(found == {"a": [1, 2, 3], "A": [10], "ä b/c": [20, 21, 22], "b": []}, check, f"they hold {found}")


def takes_expected(store: Store) -> None:
    """An append with the right ``expected`` is taken, from 0 on."""
    check = "takes_expected"
    require(store.append("main", _notes(1, 2), expected=0) == 2, check, "expected=0 on an empty stream")
    require(store.append("main", _notes(3, 3), expected=2) == 3, check, "expected=2 on a stream of two")


def refuses_conflict(store: Store) -> None:
    """An append with a wrong ``expected`` is refused by name and writes nothing, not even a part."""
    check = "refuses_conflict"
    store.append("main", _notes(1, 2))
    for wrong in (0, 1, 3, 99):
        _refused(check, "Conflict", lambda w=wrong: store.append("main", _notes(7, 9), expected=w), f"expected={wrong}")  # type: ignore[misc]
    _refused(check, "Conflict", lambda: store.append("main", [], expected=1), "an empty append with expected=1")
    found = _numbers(store.read("main"))
    require(found == [1, 2], check, f"a refused append wrote: {found}")
    require(store.append("main", _notes(3, 3), expected=2) == 3, check, "the store does not go on after a conflict")


def names_the_conflict(store: Store) -> None:
    """The message of a conflict names stream, expected and found number; it is a `StateError`."""
    store.append("main", _notes(1, 7))
    try:
        store.append("main", _notes(8, 8), expected=5)
    except StateError as error:
        words = [w for w in ("main", "5", "7") if w not in str(error)]
        require(not words, "names_the_conflict", f"the message does not name {words}: {error}")
        return
    fail("names_the_conflict", "a conflict is not a StateError")


def all_or_none(store: Store) -> None:
    """One event that cannot be kept keeps the whole append out."""
    check = "all_or_none"
    store.append("main", _notes(1, 1))
    bad: Sequence[tuple[str, Any]] = (
        ("NaN", float("nan")),
        ("an infinite number", float("inf")),
        ("an object", object()),
        ("bytes", b"x"),
        ("half a surrogate pair", "\ud800"),
    )
    for what, value in bad:
        events = [*_notes(2, 3), Event("note", {"deep": [{"value": value}]})]
        _refused(check, None, lambda e=events: store.append("main", e), what)  # type: ignore[misc]
        found = _numbers(store.read("main"))
        require(found == [1], check, f"after an append with {what} the stream holds {found}")


def refuses_half_events(store: Store) -> None:
    """An event of a known kind without its parts is refused."""
    for kind, payload in (
        ("asked", {"query": "q0"}),
        ("told", {}),
        ("told", {"answers": [{"item": "a"}]}),
        ("fitted", {"round": 0}),
        ("stopped", {"rule": "max_labels(1)"}),
    ):
        _refused(
            "refuses_half_events",
            None,
            lambda k=kind, p=payload: store.append("main", [Event(k, p)]),  # type: ignore[misc]
            f"{kind} with {payload}",
        )
    require(list(store.read("main")) == [], "refuses_half_events", "half an event was written")


def is_not_shared(store: Store) -> None:
    """Changing a payload after writing it, or one that was read, changes nothing in the store."""
    payload: dict[str, Any] = {"items": ["a"]}
    store.append("main", [Event("note", payload)])
    payload["items"].append("b")
    (event,) = store.read("main")
    require(event.payload == {"items": ["a"]}, "is_not_shared", "the store holds the caller's own payload")
    event.payload["items"].append("c")
    (again,) = store.read("main")
    require(again.payload == {"items": ["a"]}, "is_not_shared", "a payload that was read is the store's own")


def reads_while_writing(store: Store) -> None:
    """A read under way gives what was there when it began, and an append meanwhile is taken."""
    check = "reads_while_writing"
    store.append("main", _notes(1, 3))
    events = store.read("main")
    first = next(events)
    require(store.append("main", _notes(4, 5)) == 5, check, "an append during a read was not taken")
    found = [first.payload["number"], *_numbers(events)]
    require(found == [1, 2, 3], check, f"the read gave {found}")
    require(_numbers(store.read("main")) == [1, 2, 3, 4, 5], check, "a later read misses the append")


def keeps_many(store: Store) -> None:
    """Some thousand events come back complete, in order, from any place."""
    store.append("main", _notes(1, 1200))
    store.append("main", _notes(1201, 2000))
    require(_numbers(store.read("main")) == list(range(1, 2001)), "keeps_many", "2,000 events do not come back")
    require(_numbers(store.read("main", 999)) == list(range(1000, 2001)), "keeps_many", "they do not come after 999")


def keeps_a_session(store: Store) -> None:
    """The events of a session come back as they were, with answers of every kind."""
    events = _session()
    require(store.append("main", events, expected=0) == len(events), "keeps_a_session", "it was not taken whole")
    found = [(e.kind, dict(e.payload)) for e in store.read("main")]
    require(found == [(e.kind, e.payload) for e in events], "keeps_a_session", "an event came back changed")


def refuses_bad_streams(store: Store) -> None:
    """A stream's name is a text of some length."""
    for name in ("", None, 3):
        _refused("refuses_bad_streams", None, lambda n=name: store.append(n, _notes(1, 1)), f"the name {name!r}")  # type: ignore[misc]


def closes(store: Store) -> None:
    """After `close` nothing is taken or given, by name; a second close does nothing."""
    store.append("main", _notes(1, 1))
    store.close()
    store.close()
    _refused("closes", "Closed", lambda: store.append("main", _notes(2, 2)), "an append to a closed store")
    _refused("closes", "Closed", lambda: list(store.read("main")), "a read of a closed store")


def survives_reopening(store: Store, reopen: Callable[[Store], Store]) -> Store:
    """What was taken is there after closing and opening again, and the numbers go on; gives back the open store."""
    check = "survives_reopening"
    events = _session()
    store.append("main", events)
    store.append("other", _notes(1, 2))
    before = list(store.read("main"))
    store = reopen(store)
    require(list(store.read("main")) == before, check, "events differ after opening again")
    require(_numbers(store.read("other")) == [1, 2], check, "a second stream differs after opening again")
    require(store.append("other", _notes(3, 3), expected=2) == 3, check, "the numbers do not go on")
    store = reopen(store)
    require(_numbers(store.read("other")) == [1, 2, 3], check, "an append after opening again is lost")
    return store


STORE_CHECKS: tuple[Callable[[Store], None], ...] = (
    is_a_store,
    begins_empty,
    numbers_from_one,
    keeps_order,
    keeps_payloads,
    stamps_time,
    reads_after,
    streams_are_apart,
    takes_expected,
    refuses_conflict,
    names_the_conflict,
    all_or_none,
    refuses_half_events,
    is_not_shared,
    reads_while_writing,
    keeps_many,
    keeps_a_session,
    refuses_bad_streams,
    closes,
)
"""Every check that needs one fresh store."""


def _session() -> list[Event]:
    answers = [
        Answer.label("a", "cat", annotator="anna", cost=0.5),
        Answer.distribution("b", {"cat": 0.25, "dog": 0.75}),
        Answer.label("c", ["cat", "dog"], rationale={"words": [1, 2]}),
        Answer.skip("d"),
        Answer.reject("e", at="2026-01-01T00:00:00Z"),
        Answer.label("f", 1.5),
    ]
    asked = {"query": "q0", "turn": 0, "items": list("abcdef"), "strategy": "margin", "scores": [None] * 6}
    more = {"reasons": [""] * 6, "round": 0, "model": None, "arm": None, "inclusion": None, "seconds": {}}
    fitted = {"round": 0, "labels": 4, "cost": 5.5, "model": "ab" * 32, "metrics": {"accuracy": 0.5}}
    rest: dict[str, Any] = {"agreement": None, "surprise": None, "notes": [], "seconds": {"fit": 0.1}}
    return [
        Event("created", {"spec": {}, "seed": 0, "strategy": "margin", "schema": {}, "pool": {"items": 9}}),
        Event("asked", {**asked, **more}),
        Event("told", {"query": "q0", "answers": [a.to_json() for a in answers]}),
        Event("fitted", {**fitted, **rest}),
        Event("class_added", {"class": "bird"}),
        Event("told", {"query": None, "answers": [Answer.label("d", "bird").to_json()]}),
        Event("stopped", {"rule": "max_labels(5)", "text": "5 items are labelled, and 5 were wanted"}),
    ]
