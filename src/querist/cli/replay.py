"""``querist replay``: choose every past query again and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist replay study/seed-0 · querist replay study/seed-0 --json"


def replay(
    folder: Annotated[Path, typer.Argument(help="Project folder (journal.db and querist.toml).")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a query.")] = False,
) -> int:
    """Choose every past query again from the journal and the kept weights; exit code 4 when one differs."""
    import json as json_module

    from querist.assembly.session import Session
    from querist.session.replay import replay as again

    same = differ = skipped = 0
    with Session.open(folder) as session:
        for one in again(session):
            if one.note:
                skipped += 1
            elif one.same:
                same += 1
            else:
                differ += 1
            if json:
                line = {
                    "query": one.query,
                    "turn": one.turn,
                    "strategy": one.strategy,
                    "same": one.same,
                    "note": one.note,
                }
                typer.echo(json_module.dumps(line))
            elif one.note or not one.same:
                typer.echo(f"{one.query}: {one.note or 'differs'}", err=True)
    if not json:
        typer.echo(f"{same} queries are the same, {differ} differ, {skipped} could not be replayed")
    return 4 if differ else 0


command = replay
