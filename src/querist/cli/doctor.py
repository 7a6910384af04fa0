"""``querist doctor``: is this project sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist doctor project · querist doctor project --repair · querist doctor project --json"


def doctor(
    folder: Annotated[Path, typer.Argument(help="Project folder.")],
    repair: Annotated[bool, typer.Option("--repair", help="Make the projections anew from the journal.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,
) -> int:
    """Check the journal, its projections and the weights; exit code 4 when something is damaged."""
    import dataclasses
    import json as json_module

    from querist.storage.doctor import doctor as check
    from querist.storage.doctor import repair as mend

    if repair:
        typer.echo(f"projections made anew from {mend(folder)} events", err=True)
    found = check(folder)
    if json:
        typer.echo(json_module.dumps([dataclasses.asdict(f) for f in found], indent=1))
    else:
        for finding in found:
            typer.echo(f"{finding.severity}: {finding.where}: {finding.what}. {finding.cure}")
        if not found:
            typer.echo("nothing found: the journal, its projections and the weights agree")
    return 4 if any(f.severity == "error" for f in found) else 0


command = doctor
