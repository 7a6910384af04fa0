"""CoNLL columns for spans: a token and its tag (BIO) a line, a blank line between items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from querist.core.errors import DataError, shorten
from querist.core.types import Json
from querist.data.formats.answers import is_spans, told
from querist.data.formats.exported import About, Exported, Losses, Lost, whole_file
from querist.data.formats.reading import Reading, bad_row, check_text, text_lines
from querist.data.record import Record
from querist.data.words import word_places

__all__ = ["read", "write"]

_DOCUMENT = "-DOCSTART-"
_UNWRITTEN = re.compile("[\x00\ufeff]+")
"""NUL and the byte order mark are in no token: a reader would refuse the one and take off the other."""


def read(path: Path, reading: Reading) -> Iterator[Record]:
    """The sentences of a file: tokens joined by a blank, and spans over them in code points.

    The token stands first in a line and its tag last, parted by tabs or blanks. A tag is O, B-class, I-class, or a class
    alone; an I that continues nothing begins a span.

    Raises:
        DataError: a line without a tag (code ``BadRow``, with its number), no sentence (``EmptyPool``).
    """
    tokens: list[str] = []
    tags: list[str] = []
    bad = False
    found = False
    for number, raw in text_lines(path, reading):
        line = raw.rstrip("\r\n")
        if not line.strip() or line.startswith(_DOCUMENT):
            if tokens and not bad:
                found = True
                yield _sentence(tokens, tags)
            tokens, tags, bad = [], [], False
            continue
        columns = [c.strip() for c in line.split("\t")] if "\t" in line else line.split()
        fault = ""
        if len(columns) < 2 or not columns[0] or not columns[-1]:
            fault = f"a token and a tag are needed, got {shorten(line.strip(), 40)!r}"
        if fault or check_text(reading, line):
            bad_row(reading, path.name, number, fault or check_text(reading, line))
            bad = True
            continue
        tokens.append(columns[0])
        tags.append(columns[-1])
    if tokens and not bad:
        found = True
        yield _sentence(tokens, tags)
    if not found:
        raise DataError(f"the pool has 0 items: {path.name} has no sentences", code="EmptyPool")


def _sentence(tokens: Sequence[str], tags: Sequence[str]) -> Record:
    spans: list[list[Json]] = []
    at = 0
    before = ""
    for token, tag in zip(tokens, tags, strict=True):
        letter, _, name = tag.partition("-") if tag[:2] in ("B-", "I-") else ("", "", "" if tag == "O" else tag)
        if name:
            if spans and before == name and letter != "B":
                spans[-1][1] = at + len(token)
            else:
                spans.append([at, at + len(token), name])
        before = name
        at += len(token) + 1
    return Record(text=" ".join(tokens), labels=[{"kind": "label", "value": spans}])


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Write the texts whose last label is spans. A token is a word with the marks on its letters, or a sign; a span that
    begins within one parts it.

    Args:
        items: what to write; read once.
        path: the file; it appears whole or not at all.
        about: of the project.
    """
    losses = Losses()
    with whole_file(path) as file:
        for item in items:
            text = item.record.text
            answers = told(item.answers)
            spans = _spans(answers)
            if text is None or spans is None:
                losses.add("the whole item: " + ("it has no text" if text is None else "nobody marked spans in it"))
                continue
            kept, dropped = _apart(spans, text)
            if dropped:
                losses.add("span over another, or of no letters")
            lines = list(_lines(text, kept))
            if not lines:
                losses.add("the whole item: its text has no words")
                continue
            file.write(("\n".join(lines) + "\n\n").encode("utf-8"))
            _count(item, answers, text, losses)
    return losses.found()


def _spans(answers: Sequence[Mapping[str, Json]]) -> list[list[Json]] | None:
    for answer in reversed(answers):
        value = answer.get("value")
        if answer.get("kind") == "label" and isinstance(value, (list, tuple)) and (is_spans(value) or not value):
            return [list(span) for span in value]
    return None


def _apart(spans: list[list[Json]], text: str) -> tuple[list[tuple[int, int, str]], int]:
    """Spans in order, without those over an earlier one, and how many those are."""
    out: list[tuple[int, int, str]] = []
    end = 0
    for start, stop, name in sorted(spans, key=lambda s: (s[0], -s[1])):
        if start < end or not _tokens(text[start:stop]):
            continue
        out.append((start, stop, name))
        end = stop
    return out, len(spans) - len(out)


def _lines(text: str, spans: list[tuple[int, int, str]]) -> Iterator[str]:
    cuts = sorted({0, len(text), *(c for start, stop, _ in spans for c in (start, stop))})
    names = {start: (stop, name) for start, stop, name in spans}
    for start, stop in pairwise(cuts):
        name = names.get(start, (0, ""))[1]
        letter = "B"
        for token in _tokens(text[start:stop]):
            yield f"{token}\t{letter + '-' + name if name else 'O'}"
            letter = "I"


def _tokens(text: str) -> list[str]:
    found = (_UNWRITTEN.sub("", text[start:stop]) for start, stop in word_places(text))
    return [token for token in found if token]


def _count(item: Exported, answers: Sequence[Mapping[str, Json]], text: str, losses: Losses) -> None:
    record = item.record
    if " ".join(_tokens(text)) != text:
        losses.add("spaces of the text", "tokens stand for themselves")
    losses.add("id")
    if len(answers) > 1:
        losses.add("answers of further annotators")
    if len(answers) < len(item.answers):
        losses.add("history")
    for key in ("annotator", "at", "note", "rationale", "seconds", "weight"):
        if any(a.get(key) is not None for a in answers):
            losses.add(key)
    for what, there in (
        ("fields", record.fields),
        ("extra columns", record.extra),
        ("suggestion", record.suggestions),
        ("file", record.file),
        ("flag", item.flag),
    ):
        if there:
            losses.add(what)
