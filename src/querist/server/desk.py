"""The desk: hands items out and takes answers in. Each method is one piece of work in one transaction.

An item has one place; a hand-out leases it to one person for a while. Unique indexes of the journal hold that an item
is never with two people, so that a fault here would be refused by the database and not show as a doubled answer.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from querist.core.errors import ArgumentError, QueristError, StateError, shorten
from querist.core.types import Event, Json
from querist.data.item_store import ItemStore
from querist.server.changes import STREAM, Changes
from querist.server.handout import Choice, is_free, next_choice
from querist.server.settings import Settings
from querist.storage.transaction import Transaction

__all__ = ["Desk", "Handed", "Post", "Receipt"]


@dataclass(frozen=True, slots=True)
class Handed:
    """An item in somebody's hands.

    Args:
        query: name of the hand-out.
        fence: grows with every hand-out; an answer brings it back.
        item: id.
        role: queue, validation, control, check, again or picked.
        reason: why this one, in words.
        score: the strategy's, or None.
        until: seconds since the epoch when it goes back, unless renewed.
        previous: the answer before, where one is changed, else None.
    """

    query: str
    fence: int
    item: str
    role: str
    reason: str
    score: float | None
    until: float
    previous: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """An answer as it is sent.

    Args:
        key: the sender's own name for this post; the same key is taken once.
        query, fence, item: of the hand-out.
        kind: label, distribution, skip or reject.
        value: what is told.
        rationale: highlighted evidence, or None.
        note: a remark, or None.
        seconds: time that it took, or None.
        shown: whether a suggestion was visible.
    """

    key: str
    query: str
    fence: int
    item: str
    kind: str
    value: Json = None
    rationale: Json = None
    note: str | None = None
    seconds: float | None = None
    shown: bool = False

    @property
    def digest(self) -> bytes:
        """Of all but the key: whether a repeated post says the same."""
        body = {**asdict(self), "key": None}
        return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a post.

    Args:
        counted: whether the answer counts; one that does not is kept all the same.
        seq: number of its event.
        item: id.
        state: of the item now.
        labelled: items with a label now.
        why: the reason where it does not count.
    """

    counted: bool
    seq: int
    item: str
    state: str
    labelled: int
    why: str | None = None


class Desk:
    """Hands out and takes in.

    Args:
        items: contents of the project.
        changes: knows the class list and the settings as they stand.
        seed: the root seed.
        validation: items kept to measure with, in the order of asking.
        share: the probability with which an item is among them.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        items: ItemStore,
        changes: Changes,
        *,
        seed: int,
        validation: Sequence[str],
        share: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.items = items
        self.seed = seed
        self.clock = clock
        self.changes = changes
        self.set_validation(validation, share)

    def set_validation(self, validation: Sequence[str], share: float) -> None:
        """Other items to measure with, after an import."""
        self.validation, self.share = tuple(validation), share
        self.reserved = frozenset(validation)

    # -- out -----------------------------------------------------------------------------------------------------------

    def take(
        self, work: Transaction, person: str, count: int, *, tab: str = "", have: Sequence[str] = ()
    ) -> list[Handed]:
        """Up to ``count`` items for a person: first what the tab holds and does not know of, then new ones."""
        self.expire(work)
        settings = self.changes.settings(work.connection)
        out = [h for h in self._held(work.connection, person, tab) if h.query not in set(have)][:count]
        while len(out) < count:
            turn = _turns(work.connection)
            choice = next_choice(
                work.connection,
                self.items,
                settings,
                person=person,
                turn=turn,
                seed=self.seed,
                validation=self.validation,
                reserved=self.reserved,
                share=self.share,
            )
            if choice is None:
                break
            out.append(self._hand(work, choice, person, tab, settings))
        return out

    def pick(self, work: Transaction, person: str, item: str, *, tab: str = "") -> Handed:
        """A certain item: to label it next, or to change the answer.

        Raises:
            UnknownNameError: no such item (code ``UnknownItem``). StateError: somebody else has it (``NotFree``).
        """
        self.expire(work)
        self.items.get(item)
        row = work.connection.execute(
            f"SELECT {_HANDED}, state, person FROM handed WHERE stream = ? AND item = ? AND state IN ('open', 'answered')",
            (STREAM, item),
        ).fetchone()
        if row is not None and row[-1] != person:
            raise StateError(f"item {item!r} is with somebody else, or answered by somebody else", code="NotFree")
        if row is not None and row[-2] == "open":
            return self._read(work.connection, row[: _HANDED.count(",") + 1])
        replaces = None if row is None else row[0]
        role = "validation" if item in self.reserved else "picked"
        choice = Choice(item, role, "You chose this item yourself.", None, "picked", None, replaces)
        return self._hand(work, choice, person, tab, self.changes.settings(work.connection))

    def renew(self, work: Transaction, person: str, queries: Sequence[str]) -> float:
        """Keep hand-outs for another while; returns until when. Those that are gone stay gone."""
        until = self.clock() + self.changes.settings(work.connection).lease
        mine = [q for q in queries if self._owner(work.connection, q, "open") == person]
        if mine:
            work.append(STREAM, [Event("renewed", {"queries": mine, "until": until})])
        return until

    def give_back(self, work: Transaction, person: str, queries: Sequence[str], why: str = "given back") -> int:
        """Let hand-outs go; returns how many were this person's."""
        mine = [q for q in queries if self._owner(work.connection, q, "open") == person]
        self._return(work, mine, why)
        return len(mine)

    def expire(self, work: Transaction) -> int:
        """Hand-outs whose time is over go back, in this very transaction; returns how many."""
        rows = work.connection.execute(
            "SELECT query FROM handed WHERE stream = ? AND state = 'open' AND until < ? ORDER BY fence LIMIT 1000",
            (STREAM, self.clock()),
        ).fetchall()
        self._return(work, [row[0] for row in rows], "expired")
        return len(rows)

    # -- in ------------------------------------------------------------------------------------------------------------

    def answer(self, work: Transaction, person: str, post: Post) -> Receipt:
        """Take an answer in; a post that comes again gets the same receipt.

        One that comes late still counts while nobody else has the item; otherwise it is kept and does not count.

        Raises:
            ArgumentError: the same key with another body (code ``KeyReused``), an answer that does not fit the task.
            StateError: no such hand-out of this person (code ``NotLeased``), or another fencing token (``StaleLease``).
        """
        before = self._repeated(work.connection, person, post)
        if before is not None:
            return before
        row = work.connection.execute(
            f"SELECT {_HANDED}, state, person, replaces, tab FROM handed WHERE stream = ? AND query = ?",
            (STREAM, post.query),
        ).fetchone()
        if row is None or row[-3] != person or row[2] != post.item:
            raise StateError(
                f"item {shorten(post.item)!r} is not with you under the lease {shorten(post.query)!r} (it was never handed "
                "out so); ask for the next item",
                code="NotLeased",
            )
        state, replaces, tab = row[-4], row[-2], row[-1]
        if row[1] != post.fence:
            raise StateError(
                f"the lease {post.query} of item {post.item!r} has the token {row[1]}, and {post.fence} came; ask again",
                code="StaleLease",
            )
        item = self.items.get(post.item)
        self.changes.task(work.connection).check(post.kind, post.value, post.item, item.text)
        query, fence = post.query, post.fence
        if state == "returned" and replaces is None and is_free(work.connection, post.item):
            again = Choice(post.item, row[3], "Taken up again: the answer came late.", None, "late")
            handed = self._hand(work, again, person, tab, self.changes.settings(work.connection))
            query, fence, state = handed.query, handed.fence, "open"
        receipt = self._take_in(work, person, post, query, fence, row[3], state)
        work.connection.execute(
            "INSERT INTO reply VALUES (?, ?, ?, 200, ?, ?)",
            (person, post.key, post.digest, json.dumps(asdict(receipt)), self.clock()),
        )
        return receipt

    def undo(self, work: Transaction, person: str, *, tab: str = "") -> Handed:
        """Take the person's last answer back and hand the item out again, with what was said.

        Raises:
            StateError: there is none (code ``NothingToUndo``).
        """
        row = work.connection.execute(
            "SELECT query, item, told, replaces, role FROM handed WHERE stream = ? AND person = ? AND state = 'answered' "
            "ORDER BY told DESC LIMIT 1",
            (STREAM, person),
        ).fetchone()
        if row is None:
            raise StateError("there is no answer of yours to take back", code="NothingToUndo")
        query, item, told, replaces, role = row
        payload = {"query": query, "items": [item], "user": person, "seq": told}
        work.append(STREAM, [Event("undone", payload)])
        role = role if role == "validation" else "again"
        choice = Choice(item, role, "You took your answer back.", None, "undo", None, replaces)
        return self._hand(work, choice, person, tab, self.changes.settings(work.connection), told)

    def flag(self, work: Transaction, person: str, item: str, flag: bool, note: str | None = None) -> int:
        """Mark an item for a later look, or take the mark off."""
        self.items.get(item)
        payload = {"item": item, "flag": flag, "note": note, "user": person}
        return work.append(STREAM, [Event("flagged", payload)])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _hand(
        self, work: Transaction, choice: Choice, person: str, tab: str, settings: Settings, before: int | None = None
    ) -> Handed:
        """Hand an item out; ``before`` is the event of the answer that is being changed."""
        turn = _turns(work.connection)
        until = self.clock() + settings.lease
        if choice.replaces is not None and before is None:
            (before,) = work.connection.execute(
                "SELECT told FROM handed WHERE stream = ? AND query = ?", (STREAM, choice.replaces)
            ).fetchone()
        previous = _told(work.connection, before)
        model = work.connection.execute(
            "SELECT round, digest FROM model WHERE stream = ? ORDER BY round DESC LIMIT 1", (STREAM,)
        ).fetchone()
        payload: dict[str, Json] = {
            "query": f"q{turn}",
            "turn": turn,
            "items": [choice.item],
            "strategy": choice.strategy,
            "scores": [choice.score],
            "reasons": [choice.reason],
            "round": 0 if model is None else int(model[0]) + 1,
            "model": None if model is None else model[1],
            "arm": None,
            "inclusion": None if choice.inclusion is None else [choice.inclusion],
            "seconds": {},
            "role": choice.role,
            "user": person,
            "tab": tab,
            "place": 0,
            "until": until,
            "replaces": choice.replaces,
            "previous": before,
        }
        work.append(STREAM, [Event("asked", payload)])
        return Handed(f"q{turn}", turn, choice.item, choice.role, choice.reason, choice.score, until, previous)

    def _take_in(
        self, work: Transaction, person: str, post: Post, query: str, fence: int, role: str, state: str
    ) -> Receipt:
        answer = {"item": post.item, "kind": post.kind, "annotator": person, "shown": post.shown}
        more = {"value": post.value, "rationale": post.rationale, "note": post.note, "seconds": post.seconds}
        answer |= {name: value for name, value in more.items() if value is not None}
        payload: dict[str, Json] = {"query": query, "answers": [answer], "user": person, "fence": fence, "role": role}
        why = None if state == "open" else _WHY_LATE.get(state, _WHY_LATE["returned"])
        seq = work.append(STREAM, [Event("told", payload) if why is None else Event("late", {**payload, "why": why})])
        if role == "check":
            work.connection.execute("DELETE FROM queue WHERE item = ? AND role = 'check'", (post.item,))
        row = work.connection.execute(
            "SELECT state FROM item WHERE stream = ? AND id = ?", (STREAM, post.item)
        ).fetchone()
        return Receipt(why is None, seq, post.item, row[0], labelled(work.connection), why)

    def _repeated(self, connection: sqlite3.Connection, person: str, post: Post) -> Receipt | None:
        row = connection.execute(
            "SELECT body, text, at FROM reply WHERE person = ? AND key = ?", (person, post.key)
        ).fetchone()
        if row is None:
            return None
        if row[0] != post.digest:
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row[2]))
            raise ArgumentError(
                f"the key {shorten(post.key)!r} came with another answer at {when} UTC; give each answer a key of its own",
                code="KeyReused",
            )
        return Receipt(**json.loads(row[1]))

    def _held(self, connection: sqlite3.Connection, person: str, tab: str) -> list[Handed]:
        rows = connection.execute(
            f"SELECT {_HANDED} FROM handed WHERE stream = ? AND person = ? AND tab = ? AND state = 'open' ORDER BY fence",
            (STREAM, person, tab),
        ).fetchall()
        return [self._read(connection, row) for row in rows]

    def _read(self, connection: sqlite3.Connection, row: Sequence[Any]) -> Handed:
        query, fence, item, role, until, seq = row
        (text,) = connection.execute("SELECT payload FROM event WHERE stream = ? AND seq = ?", (STREAM, seq)).fetchone()
        payload = json.loads(text)
        previous = _told(connection, payload.get("previous"))
        return Handed(query, fence, item, role, payload["reasons"][0], payload["scores"][0], until, previous)

    def _owner(self, connection: sqlite3.Connection, query: str, state: str) -> str | None:
        row = connection.execute(
            "SELECT person FROM handed WHERE stream = ? AND query = ? AND state = ?", (STREAM, query, state)
        ).fetchone()
        return None if row is None else str(row[0])

    def _return(self, work: Transaction, queries: Sequence[str], why: str) -> None:
        for query in queries:
            (item,) = work.connection.execute(
                "SELECT item FROM handed WHERE stream = ? AND query = ?", (STREAM, query)
            ).fetchone()
            work.append(STREAM, [Event("returned", {"query": query, "items": [item], "why": why})])


_HANDED = "query, fence, item, role, until, seq"
_WHY_LATE = {
    "returned": "the item went to somebody else, or was answered, before this came; it is kept and does not count",
    "answered": "this hand-out has an answer already; this one is kept and does not count",
    "replaced": "the answer was changed meanwhile; this one is kept and does not count",
    "undone": "the answer was taken back meanwhile; this one is kept and does not count",
}


def labelled(connection: sqlite3.Connection) -> int:
    """How many items have a label."""
    row = connection.execute("SELECT items FROM tally WHERE stream = ? AND state = 'labelled'", (STREAM,)).fetchone()
    return 0 if row is None else int(row[0])


def _turns(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT turns FROM status WHERE stream = ?", (STREAM,)).fetchone()
    return 0 if row is None else int(row[0])


def _told(connection: sqlite3.Connection, seq: int | None) -> dict[str, Json] | None:
    """The answer that an event holds."""
    if seq is None:
        return None
    row = connection.execute("SELECT payload FROM event WHERE stream = ? AND seq = ?", (STREAM, seq)).fetchone()
    if row is None:
        raise QueristError(f"event {seq} is missing", code="Corrupt")
    answer: dict[str, Json] = json.loads(row[0])["answers"][0]
    return answer
