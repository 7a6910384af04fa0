"""What the routes call: one open project with its writer, pictures, events, sessions and trainer.

Work that writes goes to the one writer and is awaited; what only reads runs in threads beside it. Nothing here waits for
the trainer. The file is long because it has a method for all that the routes ask for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from querist import __version__
from querist.core.errors import StateError
from querist.core.types import Json
from querist.data.atomic import TEMPORARY
from querist.data.item_store import StoredItem
from querist.server.alike import most_alike
from querist.server.auth import Links, Sessions, read_secret
from querist.server.catalogue import catalogue, check_strategy
from querist.server.changes import class_keys
from querist.server.coach import Coach
from querist.server.desk import Handed, Post
from querist.server.exchange import hand_out
from querist.server.importer import Importer
from querist.server.listing import Listing, Row
from querist.server.media import Media
from querist.server.overview import Overview
from querist.server.plain import in_words
from querist.server.post import flat
from querist.server.problems import Problem
from querist.server.project import FEATURES, ITEMS, JOURNAL, Project
from querist.server.rationale import check_rationale
from querist.server.replies import digest_of, keep, repeated
from querist.server.seeds import find_seeds
from querist.server.showing import content, listed_row, no_item, set_aside
from querist.server.stream import Hub
from querist.server.wire import AnswerIn, ItemsQuery, Next, Undo
from querist.storage.transaction import Transaction

__all__ = ["Service"]

T = TypeVar("T")
_OWNER = "me"
_SHOWN_SETTINGS = ("strategy", "suggestions", "advance", "profile", "keys", "validation", "control", "lease")
_SCRATCH = f"{TEMPORARY}serve-"
_EXPIRE_EVERY = 5.0


class Service:
    """An open project, served.

    Args:
        folder: of the project; it is opened, and belongs to this process until `close`.
        address: of the server, for links.
        trainer: whether a model is trained beside.

    Raises:
        StateError: the project is open elsewhere (code ``Locked``), or is none.
    """

    owner = _OWNER

    def __init__(self, folder: Path, *, address: str, trainer: bool = True) -> None:
        self.folder, self.address = folder, address
        self.project = Project.open(folder)
        self._closed = False
        try:
            self.sessions = Sessions(folder / "sessions.json")
            self.secret = read_secret(folder / "secret")
            self.links = Links()
            self.hub = Hub()
            self.importer = Importer(self.project)
            self.coach = Coach(self.project, self.hub, on=trainer)
            self.overview = Overview(folder / JOURNAL)
            self._glance = Overview(folder / JOURNAL)  # for the loop itself: it never waits for a long read of a thread
            self._seeding = Overview(folder / JOURNAL)  # so that a long look keeps nobody else waiting
            self.listing = Listing(folder / JOURNAL, folder / ITEMS, self.secret)
            for left in folder.glob(f"{_SCRATCH}*"):  # of servers that were killed
                shutil.rmtree(left, ignore_errors=True)
            self.scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=folder))
            root = self.project.root
            self.media = None if root is None else Media(root, folder / "cache" / "pictures")
            self._threads = ThreadPoolExecutor(4, thread_name_prefix="querist-read")
            self._files = ThreadPoolExecutor(2, thread_name_prefix="querist-import")
            self.kind = self.overview.task(self.project.changes).kind
        except BaseException:
            self.project.close()
            raise
        self._beat: asyncio.Task[None] | None = None
        self._one_search = asyncio.Lock()

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Belong to the running loop."""
        self.hub.bind()
        await self.write(self.project.desk.resume)
        self.coach.start()
        self._threads.submit(self.listing.warm)
        self._beat = asyncio.create_task(self._expire_now_and_then())

    async def stop(self) -> None:
        """End what runs by itself."""
        self.hub.close()
        if self._beat is not None:
            self._beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beat

    def close(self) -> None:
        """Finish what was taken, give the project back; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.coach.stop()
        self.importer.close()
        if self.media is not None:
            self.media.close()
        self._files.shutdown(wait=True)
        self._threads.shutdown(wait=True)
        self.listing.close()
        self.overview.close()
        self._glance.close()
        self._seeding.close()
        self.project.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def link(self, user: str) -> str:
        """A fresh one-time link for a person."""
        return f"{self.address}/open#{self.links.issue(user)}"

    async def write(self, work: Callable[[Transaction], T], *, short: bool = False) -> T:
        """Have the writer do a piece of work, a short one before others; it is on the disk when this returns."""
        return await asyncio.wrap_future(self.project.writer.submit(work, short=short))

    async def read(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run what only reads, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _expire_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRE_EVERY)
            with contextlib.suppress(Exception):  # a full disk now is no reason to stop looking
                if await self.write(self.project.desk.expire):
                    self.hub.send("queue", {"why": "expired"})

    # -- labelling -----------------------------------------------------------------------------------------------------

    async def next(self, user: str, wanted: Next) -> dict[str, Any]:
        """Items for a person."""
        desk = self.project.desk

        def work(transaction: Transaction) -> tuple[list[Handed], int]:
            handed = desk.take(transaction, user, wanted.count, tab=wanted.tab, have=wanted.have)
            (done,) = transaction.connection.execute(
                "SELECT coalesce(sum(items), 0) FROM tally WHERE stream = 'main' "
                "AND state IN ('labelled', 'skipped', 'rejected')"
            ).fetchone()
            return handed, int(done)

        handed, done = await self.write(work)
        while broken := await self._broken(handed):
            await self.write(lambda transaction: set_aside(desk, transaction, user, broken))
            handed, done = await self.write(work)
        left = self.project.desk.pool.size - done
        shown = await self.shown(handed)
        why = None
        if len(handed) < wanted.count:
            why = "exhausted" if left <= 0 else "all handed out"
        return {"items": shown, "left": max(left, 0), "why": why}

    async def _broken(self, handed: list[Handed]) -> dict[str, tuple[str, str]]:
        """Hand-outs whose picture cannot be shown: item and reason by query."""
        if self.media is None:
            return {}
        items = [self.project.items.get(one.item) for one in handed]
        shown = await asyncio.gather(*(self.media.show(item.file or "") for item in items))
        return {h.query: (h.item, s.why) for h, s in zip(handed, shown, strict=True) if s.path is None}

    async def shown(self, handed: list[Handed]) -> list[dict[str, Any]]:
        """Hand-outs as the page shows them, with contents and the model's guesses."""
        settings = self._glance.settings()
        ids = [one.item for one in handed]
        guesses = {} if settings.suggestions == "never" else self._glance.guesses(ids)
        flagged = self._glance.flagged(ids)
        out = []
        for one in handed:
            item = await self._item(self.project.items.get(one.item))
            more = {k: getattr(one, k) for k in ("query", "fence", "role", "reason", "score", "until", "previous")}
            more["reason"] = in_words(one.reason)
            out.append({**more, "item": item, "suggestion": guesses.get(one.item), "flag": one.item in flagged})
        return out

    async def answer(self, user: str, body: AnswerIn) -> tuple[int, dict[str, Any]]:
        """Take an answer in; what is said, and the status."""
        if body.rationale is not None:
            check_rationale(body.rationale, body.item, self._stored(body.item).text)
        post = Post(**body.model_dump())
        desk = self.project.desk
        receipt = await self.write(lambda transaction: desk.answer(transaction, user, post), short=True)
        if not receipt.counted:
            return 202, {"counted": False, "why": receipt.why}
        self._told(receipt.labelled)
        return 200, {k: v for k, v in flat(receipt).items() if k != "why"}

    async def undo(self, user: str, body: Undo) -> tuple[int, dict[str, Any]]:
        """Take an answer back, once for a key."""
        desk = self.project.desk
        digest = digest_of("undo", body.query, body.tab)

        def work(transaction: Transaction) -> Handed:
            connection = transaction.connection
            before = repeated(connection, user, body.key, digest)
            if before is not None:
                return Handed(**before)
            handed = desk.undo(transaction, user, tab=body.tab, query=body.query)
            keep(connection, user, body.key, digest, flat(handed), desk.clock())
            return handed

        handed = await self.write(work, short=True)
        self.hub.send("queue", {"why": "undone"})
        return 200, {"handed": (await self.shown([handed]))[0]}

    async def give_back(self, user: str, queries: list[str]) -> dict[str, Any]:
        """Let hand-outs go."""
        desk = self.project.desk
        count = await self.write(lambda transaction: desk.give_back(transaction, user, queries))
        return {"count": count}

    async def renew(self, user: str, queries: list[str]) -> dict[str, Any]:
        """Keep hand-outs longer."""
        desk = self.project.desk

        def work(transaction: Transaction) -> dict[str, Any]:
            until = desk.renew(transaction, user, queries)
            mine = transaction.connection.execute(
                "SELECT query FROM handed WHERE stream = 'main' AND state = 'open' AND person = ? "
                "AND query IN (SELECT value FROM json_each(?))",
                (user, json.dumps(queries)),
            )
            held = {row[0] for row in mine}
            return {"until": until, "lost": [query for query in queries if query not in held]}

        return await self.write(work)

    async def take(self, user: str, item: str, tab: str) -> dict[str, Any]:
        """Hand a certain item out."""
        desk = self.project.desk
        handed = await self.write(lambda transaction: desk.pick(transaction, user, item, tab=tab))
        return (await self.shown([handed]))[0]

    async def flag(self, user: str, item: str, flag: bool, note: str | None) -> None:
        """Mark an item, or take the mark off."""
        desk = self.project.desk
        await self.write(lambda transaction: desk.flag(transaction, user, item, flag, note))

    def _told(self, labelled: int) -> None:
        self.hub.newest("queue", {"labelled": labelled})
        self.coach.told()

    # -- items ---------------------------------------------------------------------------------------------------------

    async def listed(self, query: ItemsQuery) -> dict[str, Any]:
        """A page of items."""
        rows, cursor = await self.read(self.listing.page, query)
        return {"items": [listed_row(row) for row in rows], "next": cursor}

    async def one(self, id: str) -> dict[str, Any]:
        """One item with its history."""
        row = await self.read(self.listing.one, id)
        if row is None:
            raise no_item()
        return {**listed_row(row), "history": await self.read(self.listing.history, id)}

    async def alike(self, id: str, limit: int) -> dict[str, Any]:
        """The items most like one, best first; one search at a time."""

        def work() -> list[Row]:
            rows = self.project.items.rows_of([id])
            if not rows:
                raise no_item()
            found = most_alike(self.folder / FEATURES, limit, rows=rows)
            return self.listing.some([item.id for item in self.project.items.at(found)])

        async with self._one_search:
            rows = await self.read(work)
        return {"items": [listed_row(row) for row in rows], "next": None}

    async def file_of(self, id: str) -> str | None:
        """Where the picture of an item lies, or None."""
        return (await self.read(self._stored, id)).file

    def _stored(self, id: str) -> StoredItem:
        try:
            return self.project.items.get(id)
        except LookupError:
            raise no_item() from None

    async def _item(self, item: StoredItem) -> dict[str, Any]:
        width = height = None
        if item.file is not None and self.media is not None:
            shown = await self.media.show(item.file)
            width, height = shown.width or None, shown.height or None
        return {**content(item.id, item.text, item.file, item.fields), "width": width, "height": height}

    # -- the project ---------------------------------------------------------------------------------------------------

    async def project_now(self) -> dict[str, Any]:
        """Everything that a page needs to begin."""
        return await self.read(self._project_now)

    def _project_now(self) -> dict[str, Any]:
        project, overview = self.project, self.overview
        settings, states = overview.settings(), overview.states()
        task = overview.task(project.changes)
        number = {"low": task.low, "high": task.high, "step": task.step} if task.kind == "number" else None
        shown, keys = settings.to_json(), class_keys(settings, task)
        return {
            "id": overview.id(),
            "name": project.name,
            "task": task.kind,
            "modality": project.modality,
            "classes": [{"name": n, "key": keys.get(n), "count": c} for n, c in overview.classes()],
            "renames": overview.renames(),
            "number": number,
            "guideline": settings.guideline,
            "settings": {**{name: shown[name] for name in _SHOWN_SETTINGS}, "class_keys": keys},
            "items": project.desk.pool.size,
            **{name: states[name] for name in ("labelled", "skipped", "rejected", "flagged")},
            "encoder": self.coach.encoder(project.desk.pool.size),
            "trainer": self.coach.standing(),
            "model": overview.model(),
            "version": __version__,
        }

    async def configure(self, user: str, changes: Mapping[str, Json]) -> None:
        """Change settings."""
        here = self.project.changes
        if "strategy" in changes:
            await self.read(check_strategy, changes["strategy"])
        await self.write(lambda transaction: here.configure(transaction, user, changes))
        self.hub.send("project", {"changed": sorted(changes)})
        if "strategy" in changes:
            self.coach.told()

    async def classes(self, user: str, change: Mapping[str, str], key: str | None = None) -> None:
        """Add, rename or merge a class, once for a key."""
        here, desk = self.project.changes, self.project.desk
        digest = digest_of("classes", dict(change))

        def work(transaction: Transaction) -> None:
            if key is not None and repeated(transaction.connection, user, key, digest):
                return
            if self.project.importing.locked():
                raise StateError(
                    "a file is being imported, with the classes as they are now; change them when that is done",
                    code="Importing",
                )
            if "add" in change:
                here.add_class(transaction, user, change["add"])
            elif "rename" in change:
                here.rename_class(transaction, user, change["rename"], change["to"])
            else:
                here.merge_class(transaction, user, change["merge"], change["into"])
            if key is not None:
                keep(transaction.connection, user, key, digest, True, desk.clock())

        await self.write(work)
        self.hub.send("project", {"changed": ["classes"]})
        self.coach.told()

    async def seeds(self, user: str, label: str, text: str | None = None, item: str | None = None) -> int:
        """Items that hold the words, are like the item, or like what the class is come first; one search at a time."""
        known = [name for name, _ in await self.read(self.overview.classes)]
        if label not in known:
            raise Problem(422, "UnknownLabel", "there is no such class; add it first", pointer="/class")

        def work() -> int:
            found, reason = find_seeds(self.project, self._seeding, label, text=text, item=item)
            return self.project.put_first(found, reason)

        async with self._one_search:
            count = await self.read(work)
        self.hub.send("queue", {"why": "seeds"})
        return count

    async def steer(self, do: str) -> dict[str, Any]:
        """Tell the trainer."""
        self.coach.steer(do)
        return self.coach.standing()

    async def strategies(self) -> list[dict[str, str]]:
        """The strategies that can be set."""
        return await self.read(catalogue)

    async def panel(self) -> dict[str, Any]:
        """Figures and advice."""
        return await self.read(self.overview.panel)

    async def export(self, user: str, format: str, path: Path, *, everything: bool) -> tuple[str, list[str]]:
        """Write the labels to ``path``, and who took them into the audit trail.

        Returns:
            The name that the file should have, and what the format has no place for.
        """
        return await self.read(partial(hand_out, self.project, user, format, path, everything=everything))

    async def import_file(self, path: Path, name: str, *, skip_bad: bool, new_classes: bool) -> dict[str, Any]:
        """Take more items in; threads of their own wait for that, so that nobody who reads does."""
        work = partial(self.importer.take, path, name, skip_bad=skip_bad, new_classes=new_classes)
        taken = await asyncio.get_running_loop().run_in_executor(self._files, work)
        self.hub.send("project", {"changed": ["items"]})
        self.coach.told()
        return taken

    async def check_file(self, path: Path, name: str, *, new_classes: bool) -> dict[str, Any]:
        """What an import of the file would do."""
        work = partial(self.importer.check, path, name, new_classes=new_classes)
        return await asyncio.get_running_loop().run_in_executor(self._files, work)
