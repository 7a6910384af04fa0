"""``querist serve``: the page of a project again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist serve photos-labels · querist serve photos-labels --port 8123 --no-browser"


def serve(
    project: Annotated[Path, typer.Argument(help="Project folder; `querist label PATH` makes one.")],
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address of this machine's loopback; no other is served.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the link and open nothing.")] = False,
    no_trainer: Annotated[bool, typer.Option("--no-trainer", help="Train no model; items come at random.")] = False,
) -> int:
    """Open the labelling page of a project: prints a one-time link and serves until Ctrl+C."""
    from querist.cli.page import show
    from querist.cli.state import debug

    return show(project, host=host, port=port, browser=not no_browser, trainer=not no_trainer, debug=debug())


command = serve
