"""A small labelling project with a clock that is moved by hand, for tests that spell out their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from querist.core.types import Json
from querist.data.record import Record
from querist.server.desk import Handed, Post, Receipt
from querist.server.project import Project
from querist.server.task import Task
from querist.storage.transaction import Transaction

T = TypeVar("T")
CATS = Task("single", ("cat", "dog"))


class Case:
    """A project in ``folder``; short names for what people do."""

    def __init__(
        self,
        folder: Path,
        items: int | Iterable[Record] = 4,
        *,
        task: Task = CATS,
        seed: int = 0,
        clock: Callable[[], float] | None = None,
        **settings: Json,
    ) -> None:
        self.now, self.sent = 1_000_000.0, 0
        self.folder = folder
        self.clock = clock or (lambda: self.now)
        records = [Record(id=f"i{k}", text=f"text {k}") for k in range(items)] if isinstance(items, int) else items
        settings = {"validation": 0.0, "control": 0.0, "lease": 100.0, **settings}
        made = {"task": task, "modality": "text", "name": "made", "seed": seed, "settings": settings}
        self.project = Project.make(folder, records, **made, clock=self.clock)  # type: ignore[arg-type]

    def __enter__(self) -> Case:
        return self

    def __exit__(self, *exc: object) -> None:
        self.project.close()

    def do(self, work: Callable[[Transaction], T]) -> T:
        return self.project.writer.do(work)

    def restart(self) -> None:
        self.project.close()
        self.project = Project.open(self.folder, clock=self.clock)

    def take(self, person: str = "anna", count: int = 1, **more: Any) -> list[Handed]:
        return self.do(lambda work: self.project.desk.take(work, person, count, **more))

    def pick(self, item: str, person: str = "anna") -> Handed:
        return self.do(lambda work: self.project.desk.pick(work, person, item))

    def undo(self, person: str = "anna", tab: str = "", query: str | None = None) -> Handed:
        return self.do(lambda work: self.project.desk.undo(work, person, tab=tab, query=query))

    def give_back(self, handed: Handed, person: str = "anna") -> int:
        return self.do(lambda work: self.project.desk.give_back(work, person, [handed.query]))

    def post(self, handed: Handed, kind: str = "label", value: Json = "cat", **more: Any) -> Post:
        self.sent += 1
        value = None if kind in ("skip", "reject") else value
        return Post(f"k{self.sent}", handed.query, handed.fence, handed.item, kind, value, **more)

    def send(self, post: Post, person: str = "anna") -> Receipt:
        return self.do(lambda work: self.project.desk.answer(work, person, post))

    def answer(self, handed: Handed, kind: str = "label", value: Json = "cat", person: str = "anna") -> Receipt:
        return self.send(self.post(handed, kind, value), person)

    def promote(self, *queue: tuple[str, str]) -> None:
        self.sent += 1
        wanted = [{"item": item, "score": 0.5, "reason": "doubtful", "role": role} for item, role in queue]
        self.project.promote({"round": self.sent, "labels": 0, "model": None}, wanted, {})

    def rows(self, sql: str) -> list[Any]:
        return self.do(lambda work: work.connection.execute(sql).fetchall())

    def kinds(self) -> list[str]:
        return [event.kind for event in self.project.store.read("main")]
