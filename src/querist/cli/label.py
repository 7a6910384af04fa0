"""``querist label``: from a folder or file to the labelling page in one command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.core.errors import ArgumentError, DataError, UnknownNameError, shorten, shorten_path

if TYPE_CHECKING:
    from querist.server.guess import Guess

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist label photos --labels cat,dog · querist label reviews.csv --text body --labels good,bad · "
    "querist label notes.jsonl --task spans --labels person,place · querist label cars.csv --task number --low 1 "
    "--high 5 --step 1"
)
_TASKS = ("single", "multi", "number", "spans")
_ASKED = {
    "task": "Task",
    "text": "Column of the text",
    "label": "Column of the label",
    "classes": "Classes, parted by commas",
}
_OPTIONS = {"task": "--task", "text": "--text", "label": "--label", "classes": "--labels"}


def label(
    path: Annotated[Path, typer.Argument(help="A folder of images, or a file of texts or of a table.")],
    labels: Annotated[str | None, typer.Option(help="Classes, parted by commas.")] = None,
    task: Annotated[str | None, typer.Option(help="single, multi, number or spans; guessed when left out.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="Folder of the project.  [default: PATH-labels, in this folder]")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Column of the text.")] = None,
    id: Annotated[str | None, typer.Option(help="Column of the ids.")] = None,
    label_column: Annotated[
        str | None, typer.Option("--label", help="Column of labels that are there already.")
    ] = None,
    low: Annotated[float | None, typer.Option(help="Lowest number.")] = None,
    high: Annotated[float | None, typer.Option(help="Highest number.")] = None,
    step: Annotated[float | None, typer.Option(help="Step of a rating: up to eleven numbers become buttons.")] = None,
    strategy: Annotated[str | None, typer.Option(help="What chooses the next item.  [default: auto]")] = None,
    encoder: Annotated[str | None, typer.Option(help="Folder or name of a better encoder.")] = None,
    seed: Annotated[int, typer.Option(help="The only source of randomness.")] = 0,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out rows that cannot be read.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.  [default: the last one]")
    ] = None,
    host: Annotated[str, typer.Option(help="Address of this machine's loopback; no other is served.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the link and open nothing.")] = False,
) -> int:
    """Label images, texts or a table on a page, with a model that learns beside you and asks what helps most.

    Makes a project folder, prints a one-time link and serves on this machine until Ctrl+C. The same command goes on where
    you stopped. What cannot be guessed is asked on a terminal.
    """
    from querist.cli.page import show
    from querist.cli.state import debug
    from querist.server.project import JOURNAL
    from querist.server.serve import check_host

    check_host(host)
    if (path / JOURNAL).exists():
        folder = path
    else:
        folder = project or Path(f"{path.resolve().stem if path.is_file() else path.resolve().name}-labels")
    if (folder / JOURNAL).exists():
        typer.echo(f"going on with the project in {folder}", err=True)
        made_with = {
            "--labels": labels,
            "--task": task,
            "--text": text,
            "--id": id,
            "--label": label_column,
            "--low": low,
            "--high": high,
            "--step": step,
            "--strategy": strategy,
            "--encoder": encoder,
        }
        unused = [option for option, value in made_with.items() if value is not None]
        if unused:
            typer.echo(
                f"note: {', '.join(unused)} shape a new project and change nothing here; use the settings page, or make "
                "another project with --project",
                err=True,
            )
    else:
        settings = {k: v for k, v in (("strategy", strategy), ("encoder", encoder)) if v is not None}
        if strategy is not None:
            from querist.strategies.parser import parse

            parse(strategy)
        columns = {"text": text, "id": id, "label": label_column}
        _make(folder, path, columns, _names(labels), task, (low, high, step), settings, seed, skip_bad)
    return show(folder, host=host, port=port, browser=not no_browser, trainer=True, debug=debug())


def _make(
    folder: Path,
    path: Path,
    columns: dict[str, str | None],
    classes: Sequence[str] | None,
    task: str | None,
    limits: tuple[float | None, float | None, float | None],
    settings: dict[str, Any],
    seed: int,
    skip_bad: bool,
) -> None:
    """Look at the path, ask for what it does not show, and make the project."""
    from querist.data.formats import read_records
    from querist.server.project import Project
    from querist.server.task import Task

    if not path.exists():
        raise DataError(f"{shorten_path(path)} is not there; name a folder of images or a file", code="NoData")
    skipped: list[int] = []
    bad = (lambda line, reason: skipped.append(line)) if skip_bad else None
    found, classes = _settled(path, columns, classes, task, bad)
    skipped.clear()
    assert found.task is not None
    _check_classes(path, found, classes)
    if "encoder" in settings:
        from querist.cli.encoder import checked_encoder

        settings = {**settings, "encoder": checked_encoder(settings["encoder"], str(found.modality))}
    low, high = limits[0] if limits[0] is not None else found.low, limits[1] if limits[1] is not None else found.high
    step = limits[2]
    if step is not None and (found.task != "number" or step <= 0):
        raise ArgumentError(f"--step is above 0 and for numbers; got {step:g} for {found.task}", code="BadArgument")
    asked = Task("number", (), low, high, step) if found.task == "number" else Task(found.task, tuple(classes))
    name = path.resolve().name
    try:
        made = Project.make(
            folder,
            read_records(found.format, path, found.reading(bad)),
            task=asked,
            modality=str(found.modality),
            name=name,
            root=found.root.resolve() if found.modality == "image" else None,
            seed=seed,
            settings=settings or None,
        )
    except UnknownNameError as error:
        if error.code != "UnknownLabel":
            raise
        what = str(error).partition("; A new class")[0]
        raise UnknownNameError(f"{name}: {what}; name every class with --labels", code="UnknownLabel") from error
    count = len(made.items)
    made.close()
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    if skipped:
        typer.echo(f"left out {len(skipped):,} rows that cannot be read, the first in line {skipped[0]}", err=True)
    what = asked.kind + (f" of {shorten(', '.join(asked.classes))}" if asked.classes else "")
    typer.echo(f"{count:,} items ({found.modality}, {what}) in {folder}", err=True)


def _check_classes(path: Path, found: Guess, classes: Sequence[str]) -> None:
    """Refuse one class where an item has one, and classes of the file that are not among those named."""
    if found.task == "number":
        return
    absent = [c for c in found.classes if c not in classes]
    if absent:
        raise UnknownNameError(
            f"{shorten_path(path)} has labels that --labels does not name: {shorten(', '.join(absent))}; add them, or "
            "leave --labels out to take those of the file",
            code="UnknownLabel",
        )
    if found.task == "single" and len(classes) == 1:
        raise ArgumentError(
            f"there is one class only, {shorten(classes[0])!r}, and with one there is nothing to tell apart; name the "
            f"others too (--labels {shorten(classes[0])},other), or let an item have it or not with --task multi",
            code="OneClass",
        )


def _settled(
    path: Path, columns: dict[str, str | None], classes: Sequence[str] | None, task: str | None, bad: Any
) -> tuple[Guess, Sequence[str]]:
    """The guess with all doubts settled, by what was given or what a person says."""
    from querist.server.guess import guess

    if task is not None and task not in _TASKS:
        raise ArgumentError(f"--task is one of {', '.join(_TASKS)}; got {shorten(task)!r}", code="BadTask")
    for _ in range(6):
        kind: Any = task
        found = guess(
            path, text=columns["text"], id=columns["id"], label=columns["label"], task=kind, classes=classes, bad=bad
        )
        doubts = [u for u in found.unknown if not (u.what == "classes" and classes)]
        if classes and task is None and any(u.what == "task" for u in doubts):
            task = found.task or "single"  # names of classes were given, and nothing says otherwise
            continue
        if not doubts:
            if found.modality is None or found.task is None:
                raise DataError(
                    f"{shorten_path(path)}: what is to be labelled cannot be told; name --text or --task",
                    code="Unclear",
                )
            return found, classes or found.classes
        doubt = doubts[0]
        if doubt.what == "task" and any(u.what == "classes" for u in doubts) and not sys.stdin.isatty():
            like = "".join(f" ({note})" for note in found.notes if "could be the label" in note)
            raise ArgumentError(
                f"{shorten_path(path)}: {doubt.why}{like}. Name the classes, as --labels good,bad (an item has one of "
                "them; with --task multi several, with --task spans parts of its text), or take --task number",
                code="NeedsAnswer",
            )
        said = _asked(path, doubt.what, doubt.why, doubt.choices)
        if doubt.what == "task":
            task = said
        elif doubt.what == "classes":
            classes = _names(said)
        else:
            columns = {**columns, doubt.what: said}
    raise ArgumentError("the answers do not fit the data; name --task, --text, --label and --labels", code="Unclear")


def _asked(path: Path, what: str, why: str, choices: Sequence[str]) -> str:
    """Ask a person, where there is one."""
    if not sys.stdin.isatty():
        option = _OPTIONS.get(what, what)
        could = " or ".join(f"{option} {shorten(choice)}" for choice in choices[:4]) if choices else option
        end = "" if why.endswith(("?", ".")) else "."
        raise ArgumentError(f"{shorten_path(path)}: {why}{end} Say it with {could}", code="NeedsAnswer")
    typer.echo(why, err=True)
    if choices and what != "classes":
        typer.echo(f"  {', '.join(choices)}", err=True)
    return str(
        typer.prompt(_ASKED.get(what, what), default=choices[0] if choices and what != "classes" else None, err=True)
    )


def _names(text: str | None) -> list[str] | None:
    """Names parted by commas."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ArgumentError("--labels names no class; write them as --labels cat,dog", code="BadClasses")
    return names


command = label
