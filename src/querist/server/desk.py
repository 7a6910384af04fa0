"""The desk: hands items out and takes answers in. Each method is one piece of work in one transaction.

An item has one place; a hand-out leases it to one person for a while. Unique indexes of the journal hold that an item
is never with two people, so that a fault here would be refused by the database and not show as a doubled answer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from querist.core.errors import StateError, UnknownNameError, shorten
from querist.core.types import Event, Json
from querist.data.item_store import ItemStore
from querist.server.changes import STREAM, Changes
from querist.server.clock import SteadyClock
from querist.server.handout import Choice, choose, is_free
from querist.server.pool import Pool
from querist.server.post import Handed, Post, Receipt, flat
from querist.server.rationale import check_rationale
from querist.server.replies import keep, repeated
from querist.server.settings import Settings
from querist.storage.transaction import Transaction

__all__ = ["Desk", "Handed", "Post", "Receipt"]


class Desk:
    """Hands out and takes in.

    Args:
        items: contents of the project.
        changes: knows the class list and the settings as they stand.
        seed: the root seed.
        share: the probability with which an item is among those that are kept to measure with.
        clock: seconds since the epoch; leases are measured by it.
    """

    def __init__(
        self,
        items: ItemStore,
        changes: Changes,
        *,
        seed: int,
        share: float,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.items = items
        self.seed = seed
        self.share = share
        self.clock = clock or SteadyClock()
        self.changes = changes
        self.pool = Pool(items)

    # -- out -----------------------------------------------------------------------------------------------------------

    def take(
        self, work: Transaction, person: str, count: int, *, tab: str = "", have: Sequence[str] = ()
    ) -> list[Handed]:
        """Up to ``count`` items for a person: first what the tab holds and does not know of, then new ones."""
        self.expire(work)
        settings = self.changes.settings(work.connection)
        out = [h for h in self._held(work.connection, person, tab) if h.query not in set(have)][:count]
        if len(out) < count:
            self.pool.follow(work.connection)
            choices = choose(
                work.connection,
                self.pool,
                settings,
                person=person,
                turn=_turns(work.connection),
                seed=self.seed,
                share=self.share,
                count=count - len(out),
            )
            out += self._hand(work, choices, person, tab, settings)
        return out

    def pick(self, work: Transaction, person: str, item: str, *, tab: str = "") -> Handed:
        """A certain item: to label it next, or to change the answer.

        Raises:
            UnknownNameError: no such item (code ``UnknownItem``). StateError: somebody else has it (``NotFree``).
        """
        self.expire(work)
        self.pool.follow(work.connection)
        if self.items.row_of(item) >= self.pool.size:
            raise UnknownNameError(
                f"item {shorten(item)!r} came with an import that was cut short; import it again", code="UnknownItem"
            )
        row = work.connection.execute(
            f"SELECT {_HANDED}, state, person FROM handed INDEXED BY handed_slot "
            "WHERE stream = ? AND item = ? AND state IN ('open', 'answered')",
            (STREAM, item),
        ).fetchone()
        if row is not None and row[-1] != person:
            raise StateError(f"item {item!r} is with somebody else, or answered by somebody else", code="NotFree")
        if row is not None and row[-2] == "open":
            return self._read(work.connection, row[: _HANDED.count(",") + 1])
        replaces = None if row is None else row[0]
        measures = item in self.pool.reserved
        role, inclusion = ("validation", self.share) if measures else ("picked", None)
        choice = Choice(item, role, "You chose this item yourself.", None, "picked", inclusion, replaces)
        (before,) = work.connection.execute(
            "SELECT max(seq) FROM answer INDEXED BY answer_by_item WHERE stream = ? AND item = ? AND counted",
            (STREAM, item),
        ).fetchone()
        return self._hand(work, [choice], person, tab, self.changes.settings(work.connection), before)[0]

    def renew(self, work: Transaction, person: str, queries: Sequence[str]) -> float:
        """Keep hand-outs for another while; returns until when. Those that are gone stay gone."""
        until = self.clock() + self.changes.settings(work.connection).lease
        mine = self._mine(work.connection, person, queries)
        if mine:
            work.append(STREAM, [Event("renewed", {"queries": mine, "until": until})])
        return until

    def give_back(self, work: Transaction, person: str, queries: Sequence[str], why: str = "given back") -> int:
        """Let hand-outs go; returns how many were this person's."""
        mine = self._mine(work.connection, person, queries)
        self._return(work, mine, why)
        return len(mine)

    def expire(self, work: Transaction) -> int:
        """Hand-outs whose time is over go back, in this very transaction; returns how many."""
        rows = work.connection.execute(
            "SELECT query FROM handed INDEXED BY handed_open "
            "WHERE stream = ? AND state = 'open' AND until < ? ORDER BY fence LIMIT 1000",
            (STREAM, self.clock()),
        ).fetchall()
        self._return(work, [row[0] for row in rows], "expired")
        return len(rows)

    def resume(self, work: Transaction) -> None:
        """After a start: no lease of the run before lasts longer than a whole one from now, however the clock was set."""
        until = self.clock() + self.changes.settings(work.connection).lease
        rows = work.connection.execute(
            "SELECT query FROM handed INDEXED BY handed_open "
            "WHERE stream = ? AND state = 'open' AND until > ? ORDER BY fence",
            (STREAM, until),
        ).fetchall()
        if rows:
            work.append(STREAM, [Event("renewed", {"queries": [row[0] for row in rows], "until": until})])

    # -- in ------------------------------------------------------------------------------------------------------------

    def answer(self, work: Transaction, person: str, post: Post) -> Receipt:
        """Take an answer in; a post that comes again gets the same receipt.

        One that comes late still counts while nobody else has the item; otherwise it is kept and does not count.

        Raises:
            ArgumentError: the same key with another body (code ``KeyReused``), an answer that does not fit the task.
            StateError: no such hand-out of this person (code ``NotLeased``), or another fencing token (``StaleLease``).
        """
        post.check()
        digest = post.digest
        before = repeated(work.connection, person, post.key, digest)
        if before is not None:
            return Receipt(**before)
        row = work.connection.execute(
            f"SELECT {_HANDED}, state, person, replaces, tab FROM handed WHERE stream = ? AND query = ?",
            (STREAM, post.query),
        ).fetchone()
        if row is None or row[-3] != person or row[2] != post.item:
            raise _not_leased(work.connection, post)
        state, replaces, tab = row[-4], row[-2], row[-1]
        if row[1] != post.fence:
            raise StateError(
                f"the lease {post.query} of item {post.item!r} has the token {row[1]}, and {post.fence} came, "
                f"{abs(row[1] - post.fence)} hand-outs {'older' if post.fence < row[1] else 'newer'}; ask again",
                code="StaleLease",
            )
        item = self.items.get(post.item)
        self.changes.task(work.connection).check(post.kind, post.value, post.item, item.text)
        check_rationale(post.rationale, post.item, item.text)
        query, fence = post.query, post.fence
        if state == "returned" and _nobody_else(work.connection, post.item, row[3], replaces):
            asked = _payload(work.connection, row[5])
            reason, inclusion = "Taken up again: the answer came late.", (asked["inclusion"] or [None])[0]
            again = Choice(post.item, row[3], reason, asked["scores"][0], asked["strategy"], inclusion, replaces)
            settings = self.changes.settings(work.connection)
            (handed,) = self._hand(work, [again], person, tab, settings, asked["previous"])
            query, fence, state = handed.query, handed.fence, "open"
        receipt = self._take_in(work, person, post, query, fence, row, state)
        keep(work.connection, person, post.key, digest, flat(receipt), self.clock())
        return receipt

    def undo(self, work: Transaction, person: str, *, tab: str = "", query: str | None = None) -> Handed:
        """Take an answer back and hand the item out again, with what was said.

        It is the one to the hand-out ``query``; without it the last one of this tab, and of a tab that has none the
        person's last.

        Raises:
            StateError: there is none (code ``NothingToUndo``).
        """
        row = _standing(work.connection, person, tab, query)
        if row is None:
            said = (
                "there is no answer of yours to take back"
                if query is None
                else f"there is no answer of yours under {shorten(repr(query))} to take back: it was changed or taken back "
                "meanwhile, or never counted"
            )
            raise StateError(said, code="NothingToUndo")
        query, item, told, replaces, role, seq = row
        payload = {"query": query, "items": [item], "user": person, "seq": told}
        work.append(STREAM, [Event("undone", payload)])
        asked = _payload(work.connection, seq)
        drawn = role in ("validation", "control")  # how it was drawn does not change with what was said
        inclusion = (asked["inclusion"] or [None])[0] if drawn else None
        choice = Choice(
            item, role if drawn else "again", "You took your answer back.", None, "undo", inclusion, replaces
        )
        return self._hand(work, [choice], person, tab, self.changes.settings(work.connection), told)[0]

    def flag(self, work: Transaction, person: str, item: str, flag: bool, note: str | None = None) -> int:
        """Mark an item for a later look, or take the mark off."""
        self.items.get(item)
        payload = {"item": item, "flag": flag, "note": note, "user": person}
        return work.append(STREAM, [Event("flagged", payload)])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _hand(
        self,
        work: Transaction,
        choices: Sequence[Choice],
        person: str,
        tab: str,
        settings: Settings,
        before: int | None = None,
    ) -> list[Handed]:
        """Hand items out; ``before`` is the event of the answer that is being changed, where there is one item."""
        connection = work.connection
        first, until = _turns(connection), self.clock() + settings.lease
        model = connection.execute(
            "SELECT round, digest FROM model WHERE stream = ? ORDER BY round DESC LIMIT 1", (STREAM,)
        ).fetchone()
        out, events = [], []
        for turn, choice in enumerate(choices, first):
            answered = before
            if choice.replaces is not None and before is None:
                (answered,) = connection.execute(
                    "SELECT told FROM handed WHERE stream = ? AND query = ?", (STREAM, choice.replaces)
                ).fetchone()
            previous = _told(connection, answered, choice.item)
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
                "previous": answered,
            }
            events.append(Event("asked", payload))
            out.append(Handed(f"q{turn}", turn, choice.item, choice.role, choice.reason, choice.score, until, previous))
        if events:
            work.append(STREAM, events)
        return out

    def _take_in(
        self, work: Transaction, person: str, post: Post, query: str, fence: int, row: Sequence[Any], state: str
    ) -> Receipt:
        role, until = row[3], row[4]
        answer = {"item": post.item, "kind": post.kind, "annotator": person, "shown": post.shown}
        more = {"value": post.value, "rationale": post.rationale, "note": post.note, "seconds": post.seconds}
        more["weight"] = None if post.weight == 1 else post.weight
        answer |= {name: value for name, value in more.items() if value is not None}
        payload: dict[str, Json] = {"query": query, "answers": [answer], "user": person, "fence": fence, "role": role}
        why = None
        if state != "open":
            over = max(self.clock() - until, 0.0) / 60
            age = f", and your time with it ended {over:.0f} min ago" if over >= 1 else ""
            why = f"item {shorten(post.item)!r}: {_WHY_LATE[state]}{age}. This answer is kept and does not count."
        seq = work.append(STREAM, [Event("told", payload) if why is None else Event("late", {**payload, "why": why})])
        if why is None:  # so that the queue's head is an item to hand out, and a doubt is settled
            work.connection.execute("DELETE FROM queue WHERE item = ?", (post.item,))
        state, count = work.connection.execute(
            "SELECT state, (SELECT items FROM tally WHERE stream = item.stream AND state = 'labelled') "
            "FROM item WHERE stream = ? AND id = ?",
            (STREAM, post.item),
        ).fetchone()
        return Receipt(why is None, seq, post.item, state, count or 0, why, query)

    def _held(self, connection: sqlite3.Connection, person: str, tab: str) -> list[Handed]:
        rows = connection.execute(
            f"SELECT {_HANDED} FROM handed INDEXED BY handed_held "
            "WHERE stream = ? AND person = ? AND tab = ? AND state = 'open' ORDER BY fence",
            (STREAM, person, tab),
        ).fetchall()
        return [self._read(connection, row) for row in rows]

    def _read(self, connection: sqlite3.Connection, row: Sequence[Any]) -> Handed:
        query, fence, item, role, until, seq = row
        payload = _payload(connection, seq)
        previous = _told(connection, payload.get("previous"), item)
        return Handed(query, fence, item, role, payload["reasons"][0], payload["scores"][0], until, previous)

    def _mine(self, connection: sqlite3.Connection, person: str, queries: Sequence[str]) -> list[str]:
        """Those of the hand-outs that the person holds, each once."""
        asked = "SELECT 1 FROM handed WHERE stream = ? AND query = ? AND person = ? AND state = 'open'"
        return [q for q in dict.fromkeys(queries) if connection.execute(asked, (STREAM, q, person)).fetchone()]

    def _return(self, work: Transaction, queries: Sequence[str], why: str) -> None:
        for query in queries:
            (item,) = work.connection.execute(
                "SELECT item FROM handed WHERE stream = ? AND query = ?", (STREAM, query)
            ).fetchone()
            work.append(STREAM, [Event("returned", {"query": query, "items": [item], "why": why})])


_HANDED = "query, fence, item, role, until, seq"
_WHY_LATE = {
    "returned": "somebody else has it by now or has answered it",
    "answered": "this hand-out has an answer already",
    "replaced": "your answer was changed meanwhile",
    "undone": "your answer was taken back meanwhile",
}


def _standing(connection: sqlite3.Connection, person: str, tab: str, query: str | None) -> Any:
    """An answer of a person that stands: the one to a hand-out, else the last one, of this tab first."""
    wanted = "SELECT query, item, told, replaces, role, seq FROM handed {} WHERE stream = ? AND person = ? "
    end = "AND state = 'answered' ORDER BY told DESC LIMIT 1"
    if query is not None:
        of_query = wanted.format("") + "AND query = ? AND state = 'answered'"
        return connection.execute(of_query, (STREAM, person, query)).fetchone()
    of_tab = wanted.format("INDEXED BY handed_tab") + "AND tab = ? " + end
    of_person = wanted.format("INDEXED BY handed_told") + end
    return (
        connection.execute(of_tab, (STREAM, person, tab)).fetchone()
        or connection.execute(of_person, (STREAM, person)).fetchone()
    )


def _turns(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT turns FROM status WHERE stream = ?", (STREAM,)).fetchone()
    return 0 if row is None else int(row[0])


def _payload(connection: sqlite3.Connection, seq: int) -> dict[str, Any]:
    row = connection.execute("SELECT payload FROM event WHERE stream = ? AND seq = ?", (STREAM, seq)).fetchone()
    if row is None:
        raise StateError(f"event {seq} is missing; `querist doctor` looks for the damage", code="Corrupt")
    found: dict[str, Any] = json.loads(row[0])
    return found


def _told(connection: sqlite3.Connection, seq: int | None, item: str) -> dict[str, Json] | None:
    """The answer about an item that an event holds, with the names that its classes have now."""
    if seq is None:
        return None
    place, value = connection.execute(
        "SELECT place, value FROM answer WHERE stream = ? AND seq = ? AND item = ? ORDER BY place DESC",
        (STREAM, seq, item),
    ).fetchone()
    answer: dict[str, Json] = _payload(connection, seq)["answers"][place]
    return answer if value is None else {**answer, "value": json.loads(value)}


def _nobody_else(connection: sqlite3.Connection, item: str, role: str, replaces: str | None) -> bool:
    """Whether a hand-out that went back could be taken up again: nobody has the item, nothing was said since."""
    row = connection.execute(
        "SELECT query FROM handed INDEXED BY handed_slot "
        "WHERE stream = ? AND item = ? AND state IN ('open', 'answered')",
        (STREAM, item),
    ).fetchone()
    if row is not None:
        return replaces is not None and row[0] == replaces
    return replaces is None and (role == "picked" or is_free(connection, item))


def _not_leased(connection: sqlite3.Connection, post: Post) -> StateError:
    row = connection.execute("SELECT state FROM item WHERE stream = ? AND id = ?", (STREAM, post.item)).fetchone()
    state = "" if row is None else f", and the item is {row[0]}"
    return StateError(
        f"item {shorten(post.item)!r} is not with you under the lease {shorten(post.query)!r}: it was never handed out "
        f"so{state}; ask for the next item",
        code="NotLeased",
    )
