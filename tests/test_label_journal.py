"""The comparison of receipts with the journal finds what is lost, doubled or told otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from label_journal import Acked, events_of, unlike
from label_server import made, texts
from querist.core.types import Event


def _told(seq: int, item: str, value: str, kind: str = "told") -> Event:
    answer = {"item": item, "kind": "label", "value": value, "annotator": "me"}
    return Event(kind, {"query": f"q{seq}", "answers": [answer], "user": "me"}, seq=seq)


def _acked(seq: int, item: str, value: str) -> Acked:
    return Acked(f"key-{seq}", item, "label", value, {"counted": True, "seq": seq})


EVENTS = [_told(2, "i0", "cat"), _told(4, "i1", "dog"), _told(5, "i1", "cat", "late")]
ACKED = [_acked(2, "i0", "cat"), _acked(4, "i1", "dog"), Acked("key-5", "i1", "label", "cat", {"counted": False})]


def test_what_agrees_passes() -> None:
    assert unlike(EVENTS, ACKED) == []
    imported = Event("told", {"query": None, "answers": [{"item": "i9", "kind": "label", "value": "cat"}]}, seq=9)
    assert unlike([*EVENTS, imported], ACKED) == [], "an imported answer is nobody's"


@pytest.mark.parametrize(
    ("events", "acked", "says"),
    [
        (EVENTS[1:], ACKED, "lost: label cat of i0"),
        (EVENTS, ACKED[1:], "doubled: event 2 about i0"),
        ([*EVENTS, _told(6, "i0", "cat")], ACKED, "doubled: event 6 about i0"),
        ([_told(2, "i0", "dog"), *EVENTS[1:]], ACKED, "lost: label cat of i0"),
        ([_told(2, "i7", "cat"), *EVENTS[1:]], ACKED, "lost: label cat of i0"),
        (EVENTS[:2], ACKED, "0 answers that came late are kept, and 1 were"),
        (EVENTS, [*ACKED, replace(ACKED[0], key="other")], "event 2 was given to two keys"),
        (EVENTS, [*ACKED[:2], replace(ACKED[2], key="key-2")], "a key was acknowledged twice"),
    ],
)
def test_what_does_not_is_told(events: list[Event], acked: list[Acked], says: str) -> None:
    (line,) = unlike(events, acked)
    assert line.startswith(says)


def test_it_reads_a_journal(tmp_path: Path) -> None:
    assert events_of(made(tmp_path / "p", texts(3)))[0].kind == "created"
