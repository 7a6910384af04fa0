"""Items as the page gets them, and what is done with one whose picture cannot be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from querist.core.types import Event
from querist.server.changes import STREAM
from querist.server.desk import Desk
from querist.server.problems import NO_ITEM, Problem
from querist.storage.transaction import Transaction

__all__ = ["content", "listed_row", "no_item", "set_aside"]


def no_item() -> Problem:
    """The same for an item that is not there and one that is nobody's business."""
    return Problem(404, "UnknownItem", NO_ITEM)


def content(id: str, text: str | None, file: str | None, fields: Any) -> dict[str, Any]:
    """What is shown of an item; the picture by an address, never by its path.

    >>> content("a/b.png", None, "a/b.png", None)["image"]
    '/api/v1/items/a%2Fb.png/image'
    """
    image = None if file is None else f"/api/v1/items/{quote(id, safe='')}/image"
    return {"id": id, "text": text, "image": image, "width": None, "height": None, "fields": fields}


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `querist.server.listing` as it goes out."""
    return {
        **content(row["id"], row["text"], row["file"], row["fields"]),
        **{name: row[name] for name in ("state", "value", "by", "at", "guess", "flag")},
    }


def set_aside(desk: Desk, transaction: Transaction, user: str, broken: Mapping[str, tuple[str, str]]) -> None:
    """Reject items whose picture cannot be shown, by the program and with the reason, so that nobody is asked again.

    Args:
        desk: that handed them out.
        transaction: of the work.
        user: who has them.
        broken: item and reason by query.
    """
    desk.give_back(transaction, user, list(broken), "the picture cannot be shown")
    told = [
        {"item": item, "kind": "reject", "annotator": "querist", "provenance": "program", "note": why}
        for item, why in broken.values()
    ]
    transaction.append(STREAM, [Event("told", {"query": None, "answers": told})])
