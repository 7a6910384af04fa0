"""One item as it travels: read from a file (`Record`), and kept by a project (`StoredItem`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.types import Json

__all__ = ["Record", "StoredItem", "content_id", "json_text"]


@dataclass(frozen=True, slots=True)
class Record:
    """An item with all that a file says about it.

    Args:
        id: the id that the file gives, or None: the store makes one of the content.
        text: its text, or None.
        file: path of its image, as the project is to find it, or None.
        fields: named values of a table or shown beside a text, or None.
        labels: answers that came with it: objects as `querist.core.types.Answer.to_json` writes them, without ``item``;
            beside its keys ``note``, ``seconds`` and ``shown``.
        suggestions: guesses that came with it, ``{"value", "score", "source"}`` each.
        extra: what else the file holds, for a faithful export: ``{name: value}``.
        flag: whether somebody marked it.
        flag_note: what they wrote.
    """

    id: str | None = None
    text: str | None = None
    file: str | None = None
    fields: Mapping[str, Json] | None = None
    labels: Sequence[Mapping[str, Json]] = ()
    suggestions: Sequence[Mapping[str, Json]] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)
    flag: bool = False
    flag_note: str | None = None


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item of a project.

    Args:
        row: its number, from 0 in order of import.
        id: its id.
        text: its text, or None.
        file: path of its image, or None.
        fields: named values, or None.
        suggestions: guesses that came with it.
        extra: what else its file held.
    """

    row: int
    id: str
    text: str | None = None
    file: str | None = None
    fields: Mapping[str, Json] | None = None
    suggestions: Sequence[Mapping[str, Json]] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)


def content_id(record: Record) -> str:
    """The id that follows from the content: the digest of the text, as `querist.read` gives it, else of file and fields.

    >>> content_id(Record(text="a good film"))
    'c66c614c0c589839d36c8e03e7b76e1e'
    """
    if record.text is not None and record.file is None and not record.fields:
        content = record.text
    else:
        content = json_text({"text": record.text, "file": record.file, "fields": record.fields}, "an item", sort=True)
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def json_text(value: Any, what: str, *, sort: bool = False) -> str:
    """``value`` as JSON text that every reader can read.

    Args:
        value: what is written.
        what: its name, for the message.
        sort: order keys by name.

    Raises:
        DataError: NaN, half a surrogate pair, or what JSON cannot hold (code ``BadItem``).
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort, separators=(",", ":"))
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"{what} holds what JSON cannot ({shorten(str(error))}): {shorten(ascii(value))}; mend or remove it",
            code="BadItem",
        ) from error
    return text
