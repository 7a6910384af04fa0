"""Showing a project's page: prints the link, opens the browser, serves until Ctrl+C. What `label` and `serve` share."""

from __future__ import annotations

import html
import logging
import os
import sys
import webbrowser
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from querist.server.serve import Server

__all__ = ["show"]

_LOG_BYTES = 5 << 20


def show(folder: Path, *, host: str, port: int | None, browser: bool, trainer: bool, debug: bool = False) -> int:
    """Serve the project in ``folder`` until it is stopped; the exit code.

    Args:
        folder: of the project.
        host: an address of the loopback.
        port: 0 for a free one, None for that of the last start.
        browser: whether a browser is opened.
        trainer: whether a model is trained beside.
        debug: whether tracebacks, which may hold data, go to stderr.
    """
    from querist.server.serve import Server

    with Server(folder, host=host, port=port, trainer=trainer) as server:
        handler = _log(folder, debug)
        try:
            typer.echo(f"Label at: {server.link()}")
            typer.echo("The link works once, within ten minutes. Ctrl+C stops; all that was saved is kept.", err=True)
            if server.note:
                typer.echo(f"note: {server.note}", err=True)
            sys.stdout.flush()
            if browser:
                _open(server)
            server.run()
        finally:
            logging.getLogger("querist.server").removeHandler(handler)
            handler.close()
    typer.echo(f"stopped; go on with: querist serve {folder}", err=True)
    return 0


def _log(folder: Path, debug: bool) -> logging.Handler:
    """One line a request into server.log of the project, readable by its owner alone."""
    from querist.server.logs import to_handler, to_stream

    if debug:
        return to_stream(level=logging.DEBUG)
    path = folder / "server.log"
    path.touch(mode=0o600)
    return to_handler(RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8"))


def _open(server: Server) -> None:
    """Open a browser by way of a file that only its owner can read: arguments of processes can be seen by others."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    page = server.service.scratch / "open.html"
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        target = html.escape(server.link(), quote=True)
        file.write(f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={target}">')
    try:
        webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        typer.echo("no browser could be opened; open the link by hand", err=True)
