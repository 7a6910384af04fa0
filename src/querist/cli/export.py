"""``querist export``: the labels of a project as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist export photos-labels --out labels.csv · querist export notes-labels --format label-studio --out "
    "tasks.json --all · querist export notes-labels --out all.jsonl --all --history"
)
_BY_ENDING = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".json": "label-studio",
    ".conll": "conll",
}


def export(
    project: Annotated[Path, typer.Argument(help="Project folder.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; a folder for datasets and images.")],
    format: Annotated[
        str | None,
        typer.Option(
            help="csv, jsonl, parquet, label-studio, prodigy, doccano, conll, datasets or images; by the ending of --out "
            "when left out."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also items that nobody answered.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Also answers that were undone, replaced or late.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What was written and what was not kept, as JSON.")] = False,
) -> int:
    """Write labels to a file, also while the page is open; says what the format has no place for."""
    import dataclasses
    import json as json_module
    import warnings

    from querist.core.errors import ArgumentError, QueristWarning, ResourceError, StateError
    from querist.data.formats import FORMATS, write_records
    from querist.data.formats.exported import About, Exported
    from querist.server.exchange import exported
    from querist.server.read_only import read_only
    from querist.storage.audit import Audit

    chosen = format or _BY_ENDING.get(out.suffix.lower())
    if chosen is None:
        raise ArgumentError(
            f"the ending {out.suffix or 'none'!r} of --out says no format; name one with --format: {', '.join(FORMATS)}",
            code="NeedsAnswer",
        )
    if out.exists() and not force and chosen not in ("datasets", "images"):
        raise ResourceError(
            f"{out} is there already; name another file, or write over it with --force", code="FileExists"
        )
    count = 0
    with read_only(project) as opened:
        task = opened.task
        kind: Any = task.kind
        about = About(kind, task.classes, task.low, task.high, opened.root)

        def items() -> Iterator[Exported]:
            nonlocal count
            for item in exported(opened.connection, opened, everything=everything):
                count += 1
                said = item.answers if history else [a for a in item.answers if a.get("counted", True)]
                yield dataclasses.replace(item, answers=said)

        lost = write_records(chosen, items(), out, about)
        try:
            Audit(project).add("export", "owner", "command line", format=chosen, all=everything, items=count)
        except (ResourceError, StateError) as error:  # a disk that cannot be written, or a trail that was tampered with
            warnings.warn(f"this export is not in the audit trail: {error}", QueristWarning, stacklevel=1)
    if json:
        told = {"file": str(out), "format": chosen, "items": count, "lost": [dataclasses.asdict(x) for x in lost]}
        typer.echo(json_module.dumps(told))
        return 0
    typer.echo(f"{out}: {count:,} items as {chosen}")
    for one in lost:
        typer.echo(f"not in this format: {one}", err=True)
    return 0


command = export
