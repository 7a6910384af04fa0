"""``querist backup``: a consistent copy of a project, also while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist backup study/seed-0 copy.zip · querist backup project project-copy"


def backup(
    folder: Annotated[Path, typer.Argument(help="Project folder.")],
    target: Annotated[Path, typer.Argument(help="A .zip file or a folder that is not there yet.")],
    json: Annotated[bool, typer.Option("--json", help="What was copied, as JSON.")] = False,
) -> int:
    """Copy a project: the journal up to one moment, the weights and the specification."""
    import json as json_module

    from querist.storage.backup import backup as copy

    made = copy(folder, target)
    if json:
        typer.echo(json_module.dumps({"files": made.files, "bytes": made.size, "streams": made.streams}))
    else:
        typer.echo(f"{target}: {made.files} files, {made.size / 1e6:.1f} MB, {sum(made.streams.values())} events")
        if made.left_out:
            typer.echo(f"left out: {', '.join(made.left_out)}", err=True)
    return 0


command = backup
