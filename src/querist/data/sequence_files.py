"""Tagged sentences from files: CoNLL columns, and JSONL rows with tokens and tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.data.jsonl_file import jsonl_rows
from querist.data.sequences import SequenceSource, sequence_source
from querist.data.source import Noticed
from querist.data.text_file import read_text

__all__ = ["read_conll", "read_sequences"]

_DOCUMENT = "-DOCSTART-"


def read_sequences(
    path: str | Path,
    *,
    tokens: str = "tokens",
    tags: str = "tags",
    id: str = "id",
    dedupe: bool = False,
    skip_bad: bool = False,
) -> SequenceSource:
    """Read tagged sentences.

    A .jsonl, .ndjson or .jsonl.gz file has an object a line, with a list of tokens and, where it is known, a list of tags
    or spans. Any other file is read as CoNLL columns, see `read_conll`.

    Args:
        path: the file.
        tokens: key of the tokens.
        tags: key of the labels; without it in any row there are none.
        id: key of the ids; without it in every row they are made from the content.
        dedupe: drop sentences that repeat an earlier one.
        skip_bad: leave bad rows out instead of stopping; ``source.noticed`` lists them.

    Raises:
        DataError: a row that cannot be used (code ``BadRow``, with its line), no rows (``EmptyPool``).
    """
    path = Path(path)
    if not (path.suffix.lower() in (".jsonl", ".ndjson") or path.name.lower().endswith(".jsonl.gz")):
        return read_conll(path, dedupe=dedupe, skip_bad=skip_bad)
    rows, lines, skipped = jsonl_rows(path, skip_bad=skip_bad)
    sentences: list[list[str]] = []
    truth: list[Any] = []
    ids: list[Any] = []
    for row, line in zip(rows, lines, strict=True):
        fault = _fault(row.get(tokens), row.get(tags), tokens, tags)
        if fault:
            if not skip_bad:
                raise DataError(f"{path.name}, line {line}: {fault}; mend it or pass skip_bad", code="BadRow")
            skipped.append((line, fault))
            continue
        sentences.append(row[tokens])
        truth.append(row.get(tags))
        ids.append(row.get(id))
    return sequence_source(
        sentences,
        ids=ids if ids and all(i is not None for i in ids) else None,
        truth=truth if any(t is not None for t in truth) else None,
        name=path.name,
        dedupe=dedupe,
        noticed=Noticed(skipped=tuple(sorted(skipped))),
    )


def read_conll(path: str | Path, *, dedupe: bool = False, skip_bad: bool = False) -> SequenceSource:
    """Read a file of columns: the token first, its tag last, a blank line between sentences.

    Columns are parted by tabs where there is one in the line, else by blanks. Lines that begin with ``-DOCSTART-`` and
    what stands between the two columns are left out.

    Args:
        path: the file.
        dedupe: drop sentences that repeat an earlier one.
        skip_bad: leave a sentence with a bad line out instead of stopping; ``source.noticed`` lists them.

    Raises:
        DataError: a line with one column (code ``BadRow``, with its number), no sentences (``EmptyPool``).
    """
    path = Path(path)
    sentences: list[list[str]] = []
    truth: list[list[str]] = []
    skipped: list[tuple[int, str]] = []
    tokens: list[str] = []
    tags: list[str] = []
    bad = False
    for number, line in enumerate([*read_text(path).split("\n"), ""], start=1):
        if not line.strip() or line.startswith(_DOCUMENT):
            if tokens and not bad:
                sentences.append(tokens)
                truth.append(tags)
            tokens, tags, bad = [], [], False
            continue
        columns = [c.strip() for c in line.split("\t")] if "\t" in line else line.split()
        if len(columns) < 2 or not columns[0] or not columns[-1]:
            fault = f"a token and a tag are needed, got {shorten(line.strip(), 40)!r}"
            if not skip_bad:
                raise DataError(f"{path.name}, line {number}: {fault}; mend it or pass skip_bad", code="BadRow")
            skipped.append((number, fault))
            bad = True
            continue
        tokens.append(columns[0])
        tags.append(columns[-1])
    return sequence_source(
        sentences, truth=truth, name=path.name, dedupe=dedupe, noticed=Noticed(skipped=tuple(skipped))
    )


def _fault(tokens: Any, tags: Any, key: str, tag_key: str) -> str:
    """What is wrong with a row, or ""."""
    if not isinstance(tokens, list) or not tokens or not all(isinstance(t, str) and t for t in tokens):
        return f"{key!r} must be a list of texts, none empty; got {shorten(repr(tokens), 40)}"
    if tags is not None and not isinstance(tags, list):
        return f"{tag_key!r} must be a list of tags or spans, got {shorten(repr(tags), 40)}"
    if tags and isinstance(tags[0], str) and len(tags) != len(tokens):
        return f"{len(tags)} tags for {len(tokens)} tokens"
    return ""
