"""Which item comes next for a person: a validation item now and then, a random one now and then, else the queue's head."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from querist.core.seeds import generator, id_hashes, tie_keys, uniform
from querist.server.pool import Pool
from querist.server.settings import Settings

__all__ = ["VALIDATION_ITEMS", "Choice", "Queue", "choose", "next_choice", "validation_items"]

VALIDATION_ITEMS = 300
"""So many validation items a project at most; an accuracy of .9 is then known to within .034 (95 %)."""
_CHECK_EVERY = 3
"""Every third hand-out at most is an item to be checked again."""
_RESERVED = "validation"

QUEUE, VALIDATION, CONTROL, CHECK = "queue", "validation", "control", "check"
_WHY_VALIDATION = "Drawn at random, whatever the model says: it measures how good the model is and never trains it."
_WHY_CONTROL = "Drawn at random: it trains the model and shows what asking at random would give."
_WHY_RANDOM = "Drawn at random: there was no model yet."
_WHY_USED_UP = "Drawn at random: all that the model chose is handed out."


@dataclass(frozen=True, slots=True)
class Choice:
    """An item to hand out, and why.

    Args:
        item: its id.
        role: queue, validation, control or check.
        reason: a sentence for people.
        score: the strategy's, or None.
        strategy: what chose.
        inclusion: the probability with which it was drawn, where that is known.
        replaces: the hand-out whose answer is asked for again, or None.
    """

    item: str
    role: str
    reason: str
    score: float | None = None
    strategy: str = "random"
    inclusion: float | None = None
    replaces: str | None = None


def validation_items(ids: Sequence[str], seed: int, share: float) -> list[str]:
    """The items that are kept to measure with: each with probability ``share``, by its own key, in the order of asking.

    Whoever is in does not depend on what else is in the pool, so that items may come later.
    """
    if not len(ids) or share <= 0:
        return []
    keys = uniform(tie_keys(id_hashes(list(ids)), seed, _RESERVED))
    rows = [int(r) for r in keys.argsort(kind="stable") if keys[r] < share]
    return [ids[r] for r in rows]


def choose(
    connection: sqlite3.Connection,
    pool: Pool,
    settings: Settings,
    *,
    person: str,
    turn: int,
    seed: int,
    share: float,
    count: int,
) -> list[Choice]:
    """What to hand out at this turn and those after it, each item held in the pool; fewer where nothing is left.

    Args:
        connection: the journal, in a transaction.
        pool: the free items, as they stand in this transaction.
        settings: the shares of validation and control.
        person: who asks.
        turn: number of the first hand-out.
        seed: the root seed.
        share: the probability with which an item is kept to measure with.
        count: how many, 1 or more.
    """
    out: list[Choice] = []
    with closing(Queue(connection, pool, settings.strategy)) as queue:
        for number in range(turn, turn + count):
            choice = next_choice(
                connection, pool, settings, person=person, turn=number, seed=seed, share=share, queue=queue
            )
            if choice is None:
                break
            out.append(choice)
            pool.hold(choice.item)
    return out


def next_choice(
    connection: sqlite3.Connection,
    pool: Pool,
    settings: Settings,
    *,
    person: str,
    turn: int,
    seed: int,
    share: float,
    queue: Queue,
) -> Choice | None:
    """What to hand out at this turn, or None where nothing is left for this person.

    Args:
        connection: the journal, in a transaction.
        pool: the free items, as they stand in this transaction.
        settings: the shares of validation and control.
        person: who asks.
        turn: number of the hand-out; with the seed it gives the draws.
        seed: the root seed.
        share: the probability with which an item is kept to measure with.
        queue: what the model chose.
    """
    rng = generator(seed, "handout", turn)
    draw = float(rng.random())
    if draw < settings.validation:
        choice = _to_measure(pool, share)
        if choice is not None:
            return choice
    if turn % _CHECK_EVERY == 0:
        again = _to_check(connection, pool, settings.strategy, person, share)
        if again is not None:
            return again
    queued = queue.head()
    if queued is not None and not settings.validation <= draw < settings.validation + settings.control:
        return queued
    probability = 1.0 / max(pool.free, 1)
    item = pool.drawn(rng)
    if item is not None and queued is not None:
        return Choice(item, CONTROL, _WHY_CONTROL, None, "random", probability)
    if item is not None:
        why = _WHY_USED_UP if _learnt(connection) else _WHY_RANDOM
        return Choice(item, QUEUE, why, None, "random", probability)
    return _to_measure(pool, share) or _to_check(connection, pool, settings.strategy, person, share)


# SQLite would rather read all rows of the stream than use an index that holds some of them: it is told to.
_FREE = """
    NOT EXISTS (SELECT 1 FROM handed h INDEXED BY handed_slot
                WHERE h.stream = 'main' AND h.item = {item} AND h.state IN ('open', 'answered'))
    AND NOT EXISTS (SELECT 1 FROM item i WHERE i.stream = 'main' AND i.id = {item} AND i.state <> 'unlabelled')
"""


class Queue:
    """What the model chose, from the first that is free; read row by row, once for all hand-outs of a request.

    Args:
        connection: the journal, in a transaction.
        pool: the free items, as they stand in this transaction.
        strategy: what chose.
    """

    def __init__(self, connection: sqlite3.Connection, pool: Pool, strategy: str) -> None:
        self._pool, self._strategy = pool, strategy
        self._rows = connection.execute(
            f"SELECT item, score, reason FROM queue q WHERE role = 'queue' AND {_FREE.format(item='q.item')} "
            "ORDER BY q.place"
        )
        self._head: Choice | None = None

    def head(self) -> Choice | None:
        """The first item that is free and not held; None when all are used up."""
        while self._head is None or self._pool.holds(self._head.item):
            row = next(self._rows, None)
            if row is None:
                self._head = None
                return None
            item, score, reason = row
            if self._pool.offers(item):
                self._head = Choice(item, QUEUE, reason, score, self._strategy)
        return self._head

    def close(self) -> None:
        """Read no further."""
        self._rows.close()


def _learnt(connection: sqlite3.Connection) -> bool:
    """Whether a model has learnt from labels."""
    row = connection.execute("SELECT labels FROM model WHERE stream = 'main' ORDER BY round DESC LIMIT 1").fetchone()
    return row is not None and row[0] > 0


def _to_check(connection: sqlite3.Connection, pool: Pool, strategy: str, person: str, share: float) -> Choice | None:
    """An item that the person labelled and whose label is in doubt since the classes changed.

    One that is kept to measure with stays so: its new answer never trains a model either.
    """
    rows = connection.execute(
        "SELECT q.item, q.score, q.reason, h.query FROM queue q "
        "CROSS JOIN handed h INDEXED BY handed_slot ON h.stream = 'main' AND h.item = q.item AND h.person = ? "
        "AND h.state IN ('open', 'answered') AND h.state = 'answered' WHERE q.role = 'check' ORDER BY q.place",
        (person,),
    )
    row = next((row for row in rows if not pool.holds(row[0])), None)
    rows.close()
    if row is None:
        return None
    item, score, reason, query = row
    if item in pool.reserved:
        return Choice(item, VALIDATION, reason, score, strategy, share, query)
    return Choice(item, CHECK, reason, score, strategy, None, query)


def _to_measure(pool: Pool, share: float) -> Choice | None:
    item = pool.to_measure()
    return None if item is None else Choice(item, VALIDATION, _WHY_VALIDATION, None, "random", share)


def is_free(connection: sqlite3.Connection, item: str) -> bool:
    """Whether nobody holds or has answered the item (with one answer an item)."""
    found = connection.execute(f"SELECT 1 WHERE {_FREE.format(item=':item')}", {"item": item}).fetchone()
    return found is not None
