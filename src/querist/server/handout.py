"""Which item comes next for a person: a validation item now and then, a random one now and then, else the queue's head."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from querist.core.seeds import generator, id_hashes, tie_keys, uniform
from querist.data.item_store import ItemStore
from querist.server.settings import Settings

__all__ = ["VALIDATION_ITEMS", "Choice", "next_choice", "validation_items"]

VALIDATION_ITEMS = 300
"""So many validation items a project at most; an accuracy of .9 is then known to within .034 (95 %)."""
_TRIES = 40
_CHECK_EVERY = 3
"""Every third hand-out at most is an item to be checked again."""
_RESERVED = "validation"

QUEUE, VALIDATION, CONTROL, CHECK = "queue", "validation", "control", "check"
_WHY_VALIDATION = "Drawn at random, whatever the model says: it measures how good the model is and never trains it."
_WHY_CONTROL = "Drawn at random: it trains the model and shows what asking at random would give."
_WHY_RANDOM = "Drawn at random: no model has chosen yet."


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


def next_choice(
    connection: sqlite3.Connection,
    items: ItemStore,
    settings: Settings,
    *,
    person: str,
    turn: int,
    seed: int,
    validation: Sequence[str],
    reserved: frozenset[str],
    share: float,
) -> Choice | None:
    """What to hand out at this turn, or None where nothing is left for this person.

    Args:
        connection: the journal, in a transaction.
        items: the contents.
        settings: the shares of validation and control.
        person: who asks.
        turn: number of the hand-out; with the seed it gives the draws.
        seed: the root seed.
        validation: items kept to measure with, in order.
        reserved: the same as a set.
        share: the probability with which an item is among them.
    """
    rng = generator(seed, "handout", turn)
    draw = float(rng.random())
    if draw < settings.validation:
        choice = _first_free(connection, validation, share)
        if choice is not None:
            return choice
    again = _to_check(connection, settings.strategy, person)
    if again is not None and turn % _CHECK_EVERY == 0:
        return again
    queued = _from_queue(connection, settings.strategy)
    if queued is not None and draw >= settings.validation + settings.control:
        return queued
    random = _at_random(connection, items, reserved, rng)
    if random is not None:
        item, probability = random
        control = queued is not None
        return Choice(
            item, CONTROL if control else QUEUE, _WHY_CONTROL if control else _WHY_RANDOM, None, "random", probability
        )
    return queued or _first_free(connection, validation, share) or again


_FREE = """
    NOT EXISTS (SELECT 1 FROM handed h WHERE h.stream = 'main' AND h.item = {item} AND h.state IN ('open', 'answered'))
    AND NOT EXISTS (SELECT 1 FROM item i WHERE i.stream = 'main' AND i.id = {item} AND i.state <> 'unlabelled')
"""


def _from_queue(connection: sqlite3.Connection, strategy: str) -> Choice | None:
    row = connection.execute(
        "SELECT item, score, reason FROM queue q WHERE role = 'queue' AND "
        f"{_FREE.format(item='q.item')} ORDER BY q.place LIMIT 1"
    ).fetchone()
    return None if row is None else Choice(row[0], QUEUE, row[2], row[1], strategy)


def _to_check(connection: sqlite3.Connection, strategy: str, person: str) -> Choice | None:
    """An item that the person labelled and whose label is in doubt since the classes changed."""
    row = connection.execute(
        "SELECT q.item, q.score, q.reason, h.query FROM queue q "
        "JOIN handed h ON h.stream = 'main' AND h.item = q.item AND h.state = 'answered' AND h.person = ? "
        "WHERE q.role = 'check' ORDER BY q.place LIMIT 1",
        (person,),
    ).fetchone()
    return None if row is None else Choice(row[0], CHECK, row[2], row[1], strategy, None, row[3])


def _first_free(connection: sqlite3.Connection, validation: Sequence[str], share: float) -> Choice | None:
    for item in validation:
        if is_free(connection, item):
            return Choice(item, VALIDATION, _WHY_VALIDATION, None, "random", share)
    return None


def is_free(connection: sqlite3.Connection, item: str) -> bool:
    """Whether nobody holds or has answered the item (with one answer an item)."""
    found = connection.execute(f"SELECT 1 WHERE {_FREE.format(item=':item')}", {"item": item}).fetchone()
    return found is not None


def _at_random(
    connection: sqlite3.Connection, items: ItemStore, reserved: frozenset[str], rng: np.random.Generator
) -> tuple[str, float] | None:
    """A free item, each with the same probability, and that probability."""
    count = len(items)
    if not count:
        return None
    for _ in range(_TRIES):
        (item,) = items.at([int(rng.integers(count))])
        if item.id not in reserved and is_free(connection, item.id):
            (taken,) = connection.execute(
                "SELECT count(*) FROM item WHERE stream = 'main' AND state <> 'unlabelled' "
                "AND id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(reserved)),),
            ).fetchone()
            return item.id, 1.0 / max(count - len(reserved) - int(taken), 1)
    left = [i for i in items.ids() if i not in reserved and is_free(connection, i)]
    return (left[int(rng.integers(len(left)))], 1.0 / len(left)) if left else None
