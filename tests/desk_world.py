"""A project and, beside it, a slow model of what labelling means, in plain Python: each step is done to both and compared.

The model knows classes by numbers of their own, hand-outs as records in a dictionary, and the state of an item as a fold
over what was said about it. It cannot say which free item is handed out; it checks that the item was free.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from querist.core.errors import QueristError
from querist.core.types import Event
from querist.data.arrays import text_source
from querist.data.ledger import ItemState, Ledger
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.desk import Handed, Post, Receipt
from querist.server.project import Project
from querist.server.task import Task
from querist.storage.projections import TABLES
from querist.storage.tallies import classes_of
from querist.storage.transaction import Transaction

PEOPLE, TABS = ("anna", "ben", "cleo"), ("", "second")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where folders lie whose files need not survive a power cut: the steps are many and disks slow."""
LEASE = 100.0
MOST_ITEMS = 60
T = TypeVar("T")


@dataclass
class Said:
    seq: int
    kind: str
    value: Any  # number of the class, shares by number, or None
    query: str | None
    counted: bool = True


@dataclass
class Lease:
    query: str
    item: str
    person: str
    tab: str
    fence: int
    until: float
    role: str
    replaces: str | None
    state: str = "open"
    told: int = 0


@dataclass
class Model:
    """What is true after the steps so far."""

    classes: dict[int, str] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    said: dict[str, list[Said]] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[Post, Receipt]] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)

    def holder(self, item: str) -> Lease | None:
        found = [x for x in self.leases.values() if x.item == item and x.state in ("open", "answered")]
        assert len(found) <= 1, f"{item} is held twice: {found}"
        return found[0] if found else None

    def fold(self, item: str) -> tuple[str, Any]:
        state, value = "unlabelled", None
        for one in self.said.get(item, ()):
            if not one.counted:
                continue
            if one.kind in ("label", "distribution"):
                state, value = "labelled", one.value
            elif one.kind == "reject":
                state, value = "rejected", None
            elif state != "labelled":
                state = "skipped"
        return state, value

    def state(self, item: str) -> str:
        state, holder = self.fold(item)[0], self.holder(item)
        return "pending" if state == "unlabelled" and holder is not None and holder.state == "open" else state

    def told(self, value: Any) -> Any:
        """A value with the names of its classes."""
        if isinstance(value, int):
            return self.classes[value]
        if isinstance(value, dict):
            return {self.classes[k]: share for k, share in value.items()}
        return value

    def merge(self, old: int, into: int) -> None:
        del self.classes[old]
        for one in (s for said in self.said.values() for s in said):
            if one.value == old and isinstance(one.value, int):
                one.value = into
            elif isinstance(one.value, dict) and old in one.value:
                shares: dict[int, float] = {}
                for k, share in one.value.items():
                    k = into if k == old else k
                    shares[k] = shares.get(k, 0.0) + share
                one.value = shares

    def free(self, item: str) -> bool:
        return self.holder(item) is None and self.fold(item)[0] == "unlabelled"

    def end(self, lease: Lease, state: str) -> None:
        lease.state = state
        if lease.replaces is not None:
            self.leases[lease.replaces].state = "answered"

    def expire(self, now: float) -> None:
        for lease in self.leases.values():
            if lease.state == "open" and lease.until < now:
                self.end(lease, "returned")

    def hand(self, handed: Handed, person: str, tab: str, replaces: str | None) -> Lease:
        if replaces is not None:
            self.leases[replaces].state = "replaced"
        assert self.holder(handed.item) is None, f"{handed.item} went out while {self.holder(handed.item)}"
        lease = Lease(
            handed.query, handed.item, person, tab, handed.fence, handed.until, handed.role, replaces
        )  # fmt: skip
        assert handed.query not in self.leases
        assert handed.fence > max((x.fence for x in self.leases.values()), default=-1), "fences grow"
        self.leases[handed.query] = lease
        return lease


class World:
    """A project in ``folder`` and its model. Steps take three whole numbers, of which they choose what they do."""

    def __init__(self, folder: Path, items: int = 8, *, seed: int = 0, check_all: int = 1) -> None:
        self.folder, self.now, self.model = folder, 1_000_000.0, Model()
        self.check_all, self.steps, self.count = check_all, 0, 0
        self.model.classes = {0: "cat", 1: "dog"}
        settings = {"lease": LEASE, "validation": 0.3, "control": 0.2}
        self.project = Project.make(
            folder,
            self._records(items),
            task=Task("single", ("cat", "dog")),
            modality="text",
            name="made",
            seed=seed,
            settings=settings,
            clock=self.clock,
        )
        self._fast()
        self.reserved = set(self._reserved())
        self.ledger = self._ledger()
        self.seq = 0
        self.checks: set[str] = set()
        self._follow()

    def clock(self) -> float:
        return self.now

    # -- steps ---------------------------------------------------------------------------------------------------------

    def take(self, a: int, b: int, c: int) -> None:
        person, tab, count = PEOPLE[a % 3], TABS[b % 2], 1 + c % 3
        self.model.expire(self.now)
        held = [x for x in self.model.leases.values() if (x.person, x.tab, x.state) == (person, tab, "open")]
        held.sort(key=lambda x: x.fence)
        have = {x.query for k, x in enumerate(held) if (b >> k) & 2}
        known = [x.query for x in held if x.query not in have][:count]
        out = self._do(lambda work: self.project.desk.take(work, person, count, tab=tab, have=sorted(have)))
        assert [h.query for h in out[: len(known)]] == known, "what the tab holds and does not know of comes first"
        for handed in out[len(known) :]:
            self._new(handed, person, tab)
        if len(out) < count:
            free = [i for i in self.model.items if self.model.free(i)]
            assert not free, f"nothing was handed out while {free} are free"

    def _new(self, handed: Handed, person: str, tab: str) -> None:
        holder = self.model.holder(handed.item)
        if holder is not None:
            assert (holder.state, holder.person) == ("answered", person), f"{handed} while {holder}"
            assert handed.item in self.checks, "only a doubted answer is asked for again"
            assert handed.role == ("validation" if handed.item in self.reserved else "check")
            self.model.hand(handed, person, tab, holder.query)
            return
        assert self.model.free(handed.item), f"{handed.item} is {self.model.state(handed.item)}"
        assert (handed.role == "validation") == (handed.item in self.reserved)
        assert handed.role in ("queue", "control", "validation")
        assert handed.until == self.now + LEASE
        self.model.hand(handed, person, tab, None)

    def answer(self, a: int, b: int, c: int) -> None:
        """An open hand-out is answered."""
        mine = [x for x in self.model.leases.values() if x.state == "open"]
        if mine:
            self._answer(mine[a % len(mine)], b, c)

    def answer_old(self, a: int, b: int, c: int) -> None:
        """Any hand-out is answered, also one that went back or has an answer."""
        old = list(self.model.leases.values())
        if old:
            self._answer(old[-1 - a % min(len(old), 12)], b, c)

    def _answer(self, lease: Lease, b: int, c: int) -> None:
        kind = ("label", "label", "label", "distribution", "skip", "reject")[b % 6]
        numbers = sorted(self.model.classes)
        value: Any = {"label": numbers[c % len(numbers)], "distribution": {numbers[0]: 0.25, numbers[-1]: 0.75}}.get(
            kind
        )
        if kind == "distribution" and len(numbers) == 1:
            value = {numbers[0]: 1.0}
        self.count += 1
        post = Post(
            f"k{self.count}", lease.query, lease.fence, lease.item, kind, self.model.told(value), seconds=float(c)
        )
        before, turn = lease.state, max(x.fence for x in self.model.leases.values()) + 1
        receipt = self._do(lambda work: self.project.desk.answer(work, lease.person, post))
        holder = self.model.holder(lease.item)
        if before == "returned" and (
            holder.query == lease.replaces
            if holder is not None
            else lease.replaces is None and (lease.role == "picked" or self.model.fold(lease.item)[0] == "unlabelled")
        ):
            again = Handed(f"q{turn}", turn, lease.item, lease.role, "", None, self.now + LEASE)
            lease = self.model.hand(again, lease.person, lease.tab, lease.replaces)
        counts = lease.state == "open"
        assert receipt.counted == counts, (lease, receipt)
        assert (receipt.why is None) == counts
        if counts:
            lease.state, lease.told = "answered", receipt.seq
            said = Said(receipt.seq, kind, value, lease.query)
            self.model.said.setdefault(lease.item, []).append(said)
            self.checks.discard(lease.item)
        else:
            assert receipt.why is not None
            assert lease.item in receipt.why
            assert "does not count" in receipt.why
        assert receipt.item == lease.item
        assert receipt.state == self.model.state(lease.item)
        assert receipt.labelled == sum(self.model.fold(i)[0] == "labelled" for i in self.model.items)
        self.model.keys[lease.person, post.key] = (post, receipt)

    def repeat(self, a: int, b: int, c: int) -> None:
        """A post comes again: the same receipt, and nothing is written; with another body it is refused."""
        if not self.model.keys:
            return
        sent = list(self.model.keys.items())
        (person, _), (post, receipt) = sent[-1 - a % min(len(sent), 20)]
        assert self._do(lambda work: self.project.desk.answer(work, person, post)) == receipt
        other = Post(post.key, post.query, post.fence, post.item, "skip" if post.kind != "skip" else "reject")
        self._refused("KeyReused", lambda work: self.project.desk.answer(work, person, other))

    def foreign(self, a: int, b: int, c: int) -> None:
        """Posts that were never theirs to make."""
        desk = self.project.desk
        self._refused("NotLeased", lambda work: desk.answer(work, "anna", Post("f", "q999999", 0, "i0", "skip")))
        if self.model.leases:
            lease = list(self.model.leases.values())[-1 - a % len(self.model.leases)]
            other = PEOPLE[(PEOPLE.index(lease.person) + 1) % 3]
            post = Post("f", lease.query, lease.fence, lease.item, "skip")
            self._refused("NotLeased", lambda work: desk.answer(work, other, post))
            stale = Post("f", lease.query, lease.fence + 1 + b % 3, lease.item, "skip")
            self._refused("StaleLease", lambda work: desk.answer(work, lease.person, stale))
            wrong = Post("f", lease.query, lease.fence, lease.item, "label", "horse")
            self._refused("UnknownLabel", lambda work: desk.answer(work, lease.person, wrong))

    def undo(self, a: int, b: int, c: int) -> None:
        person, tab = PEOPLE[a % 3], TABS[b % 2]
        mine = [x for x in self.model.leases.values() if (x.person, x.state) == (person, "answered")]
        if not mine:
            self._refused("NothingToUndo", lambda work: self.project.desk.undo(work, person, tab=tab))
            return
        here = [x for x in mine if x.tab == tab]  # the tab's own last answer, else the person's
        last = max(here or mine, key=lambda x: x.told)
        query = None
        if c % 3 == 0:  # or the one that is named
            last = mine[c % len(mine)]
            query = last.query
        handed = self._do(lambda work: self.project.desk.undo(work, person, tab=tab, query=query))
        (said,) = [s for s in self.model.said[last.item] if s.query == last.query]
        said.counted = False
        self.model.end(last, "undone")
        assert handed.item == last.item
        assert handed.role == (last.role if last.role in ("validation", "control") else "again")
        assert handed.previous is not None
        assert handed.previous["kind"] == said.kind
        assert handed.previous.get("value") == self.model.told(said.value)
        self.model.hand(handed, person, tab, last.replaces)

    def pick(self, a: int, b: int, c: int) -> None:
        person, tab, item = PEOPLE[a % 3], TABS[b % 2], self.model.items[c % len(self.model.items)]
        self.model.expire(self.now)
        holder = self.model.holder(item)

        def work(transaction: Transaction) -> Handed:
            return self.project.desk.pick(transaction, person, item, tab=tab)

        if holder is not None and holder.person != person:
            self._do(self.project.desk.expire)  # what a refusal takes back would be done by the next step
            self._refused("NotFree", work)
            return
        handed = self._do(work)
        if holder is not None and holder.state == "open":
            assert handed.query == holder.query
            return
        said = [s for s in self.model.said.get(item, ()) if s.counted]
        if said:
            assert handed.previous is not None
            assert handed.previous.get("value") == self.model.told(said[-1].value)
        else:
            assert handed.previous is None
        assert handed.role == ("validation" if item in self.reserved else "picked")
        self.model.hand(handed, person, tab, None if holder is None else holder.query)

    def give_back(self, a: int, b: int, c: int) -> None:
        person = PEOPLE[a % 3]
        queries = [q for k, q in enumerate(list(self.model.leases)[-6:]) if (b >> k) & 1]
        mine = [x for q in queries if (x := self.model.leases[q]).person == person and x.state == "open"]
        assert self._do(lambda work: self.project.desk.give_back(work, person, [*queries, "q999999"])) == len(mine)
        for lease in mine:
            self.model.end(lease, "returned")

    def renew(self, a: int, b: int, c: int) -> None:
        person = PEOPLE[a % 3]
        queries = [q for k, q in enumerate(list(self.model.leases)[-6:]) if (b >> k) & 1]
        until = self._do(lambda work: self.project.desk.renew(work, person, queries))
        assert until == self.now + LEASE
        for q in queries:
            lease = self.model.leases[q]
            if lease.person == person and lease.state == "open":
                lease.until = until

    def wait(self, a: int, b: int, c: int) -> None:
        self.now += (1.0, 30.0, LEASE / 2, LEASE + 1)[a % 4]
        if b % 2:
            self.model.expire(self.now)
            self._do(self.project.desk.expire)

    def add(self, a: int, b: int, c: int) -> None:
        if len(self.model.items) + 3 < MOST_ITEMS:
            count = 1 + a % 3
            records = self._records(count, labelled=b % 2 == 0)
            again = [Record(id=self.model.items[c % (len(self.model.items) - count)], text="known")]
            assert bring(self.project, [*again, *records], "more").items == count
            self.reserved = set(self._reserved())

    def promote(self, a: int, b: int, c: int) -> None:
        names = [*self.model.items, "unknown"]
        wanted = [names[(a + b * k) % len(names)] for k in range(c % 12)]
        roles = [("queue", "queue", "check")[(a + k) % 3] for k in range(len(wanted))]
        self.count += 1
        report = {"round": self.count, "labels": 0, "model": None}
        queue = [{"item": i, "score": 0.5, "reason": "r", "role": r} for i, r in zip(wanted, roles, strict=True)]
        seeds = dict(self._rows("SELECT item, role FROM queue WHERE place < 0"))
        self.project.promote(report, queue, {})
        kept = self._rows("SELECT item, role FROM queue ORDER BY place")
        first: dict[str, str] = dict(seeds)  # what a person put first stays until it is answered
        for item, role in zip(wanted, roles, strict=True):
            if item != "unknown" and (item not in self.reserved or role == "check"):
                first.setdefault(item, role)
        assert dict(kept) == first
        self.checks = {i for i, r in kept if r == "check"}

    def put_first(self, a: int, b: int, c: int) -> None:
        wanted = [self.model.items[(a + b * k) % len(self.model.items)] for k in range(c % 5)]
        allowed = {i for i in wanted if self.model.free(i) and i not in self.reserved}
        assert self.project.put_first([*wanted, "unknown"], "words") == len(allowed)
        assert {r[0] for r in self._rows(f"SELECT item FROM queue ORDER BY place LIMIT {len(allowed)}")} == allowed
        self.checks -= allowed

    def classes(self, a: int, b: int, c: int) -> None:
        changes, numbers = self.project.changes, sorted(self.model.classes)
        first, second = numbers[b % len(numbers)], numbers[c % len(numbers)]
        names = self.model.classes
        self.count += 1
        if a % 3 == 0 and len(numbers) < 6:
            self._do(lambda work: changes.add_class(work, "anna", f"class {self.count}"))
            names[self.count + 100] = f"class {self.count}"
        elif a % 3 == 1:
            self._do(lambda work: changes.rename_class(work, "anna", names[first], f"class {self.count}"))
            names[first] = f"class {self.count}"
        elif first != second:
            self._do(lambda work: changes.merge_class(work, "anna", names[first], names[second]))
            self.model.merge(first, second)

    def restart(self, a: int, b: int, c: int) -> None:
        self.project.close()
        self.project = Project.open(self.folder, clock=self.clock)
        self._fast()
        self.check_refold()

    STEPS = (
        *("take", "answer") * 4,
        *("answer_old", "repeat", "foreign", "undo", "pick", "give_back", "renew", "wait"),
        *("add", "promote", "put_first", "classes", "restart"),
    )

    def step(self, name: str, a: int, b: int, c: int) -> None:
        getattr(self, name)(a, b, c)
        self.steps += 1
        self._follow()
        if self.steps % self.check_all == 0:
            self.check()

    # -- what must hold ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """New events go into the ledger, and are what the model expects of them."""
        for event in self.project.store.read("main", self.seq):
            self.seq = event.seq
            self.ledger.apply(event)
            self._expected(event)

    def _expected(self, event: Event) -> None:
        payload = event.payload
        if event.kind == "asked":
            (item,) = payload["items"]
            assert (payload["role"] == "validation") == (item in self.reserved), payload
        elif event.kind in ("told", "late") and payload["query"] is not None:
            (answer,) = payload["answers"]
            kept = [s for s in self.model.said.get(answer["item"], ()) if s.seq == event.seq]
            assert len(kept) == (event.kind == "told")
            acked = [r for _, r in self.model.keys.values() if r.seq == event.seq]
            assert [r.counted for r in acked] == [event.kind == "told"], "each answer is in the journal once"

    def check(self) -> None:
        """The tables say what the model says and what the ledger says."""
        table = {r[0]: (r[1], r[2]) for r in self._rows("SELECT id, state, value FROM item")}
        for row, item in enumerate(self.ledger.source.ids[: len(self.model.items)]):
            state, text = table.get(item, ("unlabelled", None))
            value = None if text is None else json.loads(text)
            assert (state, value) == (self.model.state(item), self.model.told(self.model.fold(item)[1])), item
            assert state == ItemState(self.ledger.states[row]).name.lower(), item
            label = self.ledger._labels.get(row)
            assert value == (None if label is None else label.value), item
        assert not self._rows(
            "SELECT item FROM handed WHERE state IN ('open', 'answered') GROUP BY item HAVING count(*) > 1"
        )
        held = self._rows("SELECT query, item, person, state FROM handed ORDER BY fence")
        assert held == [(x.query, x.item, x.person, x.state) for x in self.model.leases.values()]
        tally = {state: n for state, n in self._rows("SELECT state, items FROM tally") if n}
        assert tally.pop("flagged", 0) == self._rows("SELECT count(*) FROM flag")[0][0]
        assert tally == dict(self._rows("SELECT state, count(*) FROM item GROUP BY state"))
        labels = Counter(n for (v,) in self._rows("SELECT value FROM item") for n in classes_of(v))
        assert labels == {name: n for name, n in self._rows("SELECT class, items FROM class_tally") if n}
        names = [r[0] for r in self._rows("SELECT name FROM class ORDER BY place")]
        assert sorted(names) == sorted(self.model.classes.values())
        pool = self.project.desk.pool
        self._do(lambda work: pool.follow(work.connection))
        free = [i for i in self.model.items if self.model.free(i) and i not in self.reserved]
        assert pool.free == len(free)
        waiting = [i for i in pool.reserved if self.model.free(i)]
        assert pool.to_measure() == (waiting[0] if waiting else None)

    def check_refold(self) -> None:
        before = {t: self._rows(f"SELECT * FROM {t}") for t in TABLES}
        self.project.store.refold()
        assert before == {t: self._rows(f"SELECT * FROM {t}") for t in TABLES}

    def check_journal(self) -> None:
        """Every acknowledged answer is there once, and no other."""
        events = {e.seq: e for e in self.project.store.read("main") if e.kind in ("told", "late")}
        sent = {s for s, e in events.items() if e.payload["query"] is not None}
        assert sent == {receipt.seq for _, receipt in self.model.keys.values()}
        assert len(sent) == len(self.model.keys)
        for post, receipt in self.model.keys.values():
            assert events[receipt.seq].payload["answers"][0]["item"] == post.item

    def close(self) -> None:
        self.project.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _records(self, count: int, *, labelled: bool = False) -> list[Record]:
        out = []
        for k in range(count):
            id = f"i{len(self.model.items)}"
            self.model.items.append(id)
            number = sorted(self.model.classes)[0]
            label = {"kind": "label", "value": self.model.classes[number], "annotator": "file"}
            out.append(Record(id=id, text=f"text {id}", labels=[label] if labelled and k == 0 else []))
            if labelled and k == 0:
                self.model.said[id] = [Said(0, "label", number, None)]
        return out

    def _ledger(self) -> Ledger:
        ids = [f"i{k}" for k in range(MOST_ITEMS)]
        return Ledger(text_source(ids, ids=ids), on_conflict="latest")

    def _reserved(self) -> list[str]:
        out: list[str] = []
        for event in self.project.store.read("main"):
            if event.kind == "created":
                out += event.payload["spec"]["labelling"]["validation"]
            elif event.kind == "imported":
                out += event.payload["validation"]
        return out

    def _do(self, work: Callable[[Transaction], T]) -> T:
        return self.project.writer.do(work)

    def _refused(self, code: str, work: Callable[[Transaction], object]) -> None:
        """Refused with this code, and nothing is changed."""
        before = self.project.store.last("main")
        with pytest.raises(QueristError) as caught:
            self._do(work)
        assert caught.value.code == code, caught.value
        assert self.project.store.last("main") == before

    def _rows(self, sql: str) -> list[Any]:
        connection = self.project.store._connection
        assert connection is not None
        return connection.execute(sql).fetchall()

    def _fast(self) -> None:
        """No waiting for the disk: what a crash leaves is tested elsewhere."""
        connection = self.project.store._connection
        assert connection is not None
        connection.execute("PRAGMA synchronous = OFF").close()
