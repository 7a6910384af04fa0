"""``querist serve``: the page of a project again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from querist.core.errors import StateError, shorten_path

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist serve photos-labels · querist serve photos-labels --port 8123 --no-browser"


def serve(
    project: Annotated[Path, typer.Argument(help="Project folder; `querist label PATH` makes one.")],
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.  [default: the last one]")
    ] = None,
    host: Annotated[str, typer.Option(help="Address of this machine's loopback; no other is served.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the link and open nothing.")] = False,
    no_trainer: Annotated[bool, typer.Option("--no-trainer", help="Train no model; items come at random.")] = False,
) -> int:
    """Open the labelling page of a project: prints a one-time link and serves until Ctrl+C."""
    from querist.cli.page import show
    from querist.cli.state import debug
    from querist.server.project import JOURNAL
    from querist.server.serve import check_host

    check_host(host)
    if not (project / JOURNAL).exists():
        raise StateError(
            f"there is no project in {shorten_path(project)}; make one with `querist label PATH`", code="NoProject"
        )
    return show(project, host=host, port=port, browser=not no_browser, trainer=not no_trainer, debug=debug())


command = serve
