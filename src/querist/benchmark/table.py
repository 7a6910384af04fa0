"""The summary as a table: for the console and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from querist.benchmark.figures import HEADS, NARROW_HEADS, cells, narrow_cells, notes, verdict
from querist.benchmark.summary import is_number

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["console", "markdown"]

_COLOURS = {"better": "green", "worse": "red"}


def console(document: Mapping[str, Any]) -> Table:
    """The main metric as a rich table; the caption says what the columns mean."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    entries = _main(document)
    title = f"{_words(entries)} over labels, {_seeds(document)}" if entries else "no finished run"
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title=Text(title),
        caption=Text(_caption(document, entries)),
        title_justify="left",
    )
    table.caption_justify = "left"
    for place, head in enumerate(NARROW_HEADS):
        table.add_column(
            head,
            justify="right" if place else "left",
            overflow="fold",
            no_wrap=bool(place),
            min_width=None if place else 16,
        )
    for entry in entries:
        style = _COLOURS.get(verdict(entry)[0], "")
        # names are Text: rich would read [brackets] in a plain string as mark-up
        table.add_row(*(Text(cell, style=style if place > 4 else "") for place, cell in enumerate(narrow_cells(entry))))
    return table


def markdown(document: Mapping[str, Any]) -> str:
    """The summary in Markdown: one table a metric, the main one first, and the notes."""
    parts = []
    for metric in dict.fromkeys(entry["metric"] for entry in document["summary"]):
        entries = [entry for entry in document["summary"] if entry["metric"] == metric]
        rows = [HEADS, ("---", *["---:"] * (len(HEADS) - 1)), *(_escaped(cells(entry)) for entry in entries)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"**{_escape(_words(entries))}**, {_seeds(document)}")
        parts.append(table)
        if notes(entries):
            parts.append("\n".join(f"- {_escape(note)}" for note in notes(entries)))
    return "\n\n".join(parts) if parts else "No finished run."


def _main(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    summary = document["summary"]
    return [entry for entry in summary if entry["metric"] == summary[0]["metric"]]


def _words(entries: list[Mapping[str, Any]]) -> str:
    return str(entries[0]["metric"]).replace("_", " ")


def _seeds(document: Mapping[str, Any]) -> str:
    count = len({run["seed"] for run in document["runs"]})
    return f"{count} seed{'s' * (count != 1)}"


def _caption(document: Mapping[str, Any], entries: list[Mapping[str, Any]]) -> str:
    if not entries:
        return ""
    lines = [
        "AUBC: area under the metric over labels / label range; 95 %: bootstrap.",
        "target: labels to random's mean final value (seeds that never reach it).",
        "diff: mean paired difference of AUBC to random's; p: two-sided, Holm-corrected.",
    ]
    top = (document["ceiling"] or {}).get(entries[0]["metric"])
    if is_number(top):
        lines.append(f"With all labels of the pool: {top:.4f}.")
    lines.extend(f"{note}." for note in notes(entries))
    if document["interrupted"]:
        lines.append("Interrupted: these are the finished runs only.")
    return "\n".join(lines)


def _escaped(row: tuple[str, ...]) -> tuple[str, ...]:
    # a code span keeps every sign of an expression as it is; a bar ends the cell even there, so it is escaped
    ticks = "`" * (max((len(run) for run in re.findall("`+", row[0])), default=0) + 1)
    gap = " " if "`" in row[0] else ""
    name = " ".join(row[0].split()).replace("|", "\\|")
    return (f"{ticks}{gap}{name}{gap}{ticks}", *row[1:])


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))
