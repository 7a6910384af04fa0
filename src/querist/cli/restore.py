"""``querist restore``: a project from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist restore copy.zip project"


def restore(
    archive: Annotated[Path, typer.Argument(help="What `querist backup` made.")],
    folder: Annotated[Path, typer.Argument(help="Where to; missing or empty.")],
) -> int:
    """Make a project from a backup; every file is checked before anything appears, nothing is overwritten."""
    from querist.storage.restore import restore as bring

    made = bring(archive, folder)
    typer.echo(f"{folder}: {made.files} files, {sum(made.streams.values())} events")
    return 0


command = restore
