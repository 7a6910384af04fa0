"""``querist import``: more items and answers into a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist import photos-labels labels.csv · querist import notes-labels tasks.json --new-classes · "
    "querist import notes-labels more.jsonl --text body --skip-bad"
)


def import_(
    project: Annotated[Path, typer.Argument(help="Project folder.")],
    file: Annotated[
        Path, typer.Argument(help="A file of any format that `querist label` reads, or a folder of images.")
    ],
    text: Annotated[str | None, typer.Option(help="Column of the text.")] = None,
    id: Annotated[str | None, typer.Option(help="Column of the ids.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    annotator: Annotated[str, typer.Option(help="Who answered, where the file does not say.")] = "import",
    new_classes: Annotated[
        bool, typer.Option("--new-classes", help="Add classes that the project does not have.")
    ] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be read.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What was taken in, as JSON.")] = False,
) -> int:
    """Take items and labels of a file into a project. An item that is known stays, and its answers are added.

    Everything is checked before anything is taken. The project must not be open elsewhere.
    """
    import dataclasses
    import json as json_module

    from querist.core.errors import ArgumentError, DataError, shorten_path
    from querist.data.formats import read_records
    from querist.server.bring import bring
    from querist.server.guess import guess
    from querist.server.project import Project

    skipped: dict[int, str] = {}
    bad: Any = (lambda line, reason: skipped.setdefault(line, reason)) if skip_bad else None
    with Project.open(project) as opened:
        task: Any = opened.writer.do(lambda work: opened.changes.task(work.connection)).kind
        found = guess(file, text=text, id=id, label=label, task=task, bad=bad)
        doubt = next((u for u in found.unknown if u.what == "text"), None)
        if doubt is not None:
            raise ArgumentError(
                f"{shorten_path(file)}: {doubt.why}; name it with --text: {', '.join(doubt.choices)}",
                code="NeedsAnswer",
            )
        if opened.modality == "image" and opened.root is not None and found.root.resolve() != opened.root.resolve():
            raise DataError(
                f"{shorten_path(file)} lies elsewhere than the images of this project, which are below "
                f"{shorten_path(opened.root)}; put the file or the images there",
                code="OtherKind",
            )
        made = bring(
            opened,
            read_records(found.format, file, found.reading(bad)),
            file.name,
            new_classes=new_classes,
            person=annotator,
        )
    if json:
        typer.echo(json_module.dumps({**dataclasses.asdict(made), "skipped": len(skipped)}))
        return 0
    typer.echo(f"{made.items:,} new items, {made.known:,} known ones, {made.answers:,} answers, {made.flags:,} flags")
    for count, what in (
        (made.repeated, "answers were there already"),
        (made.history, "answers of the history (undone, replaced, late) were left out"),
        (len(skipped), f"rows cannot be read and were left out, the first in line {min(skipped, default=0)}"),
    ):
        if count:
            typer.echo(f"{count:,} {what}", err=True)
    if made.classes:
        typer.echo(f"new classes: {', '.join(made.classes)}", err=True)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    return 0


command = import_
